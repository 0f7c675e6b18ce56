#![no_main]

airwaybill_fuzz::target!("delta");
