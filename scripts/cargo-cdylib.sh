#!/bin/sh
# `cargo`, whose `build` makes the addon alone: beside the library that the tests link, cargo would
# leave `lto` out. The napi CLI runs what `CARGO` names.
if [ "$1" = build ]; then
  shift
  exec cargo rustc --lib --crate-type cdylib "$@"
fi
exec cargo "$@"
