#![no_main]

airwaybill_fuzz::target!("report");
