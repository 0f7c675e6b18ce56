import "airwaybill/worker";
