# Everything is done by Meson and the scripts in tools/; these are the usual names for it.
build/tenon: always
	@tools/check build

demo: always
	@tools/setup build demo
	@tools/check build
	@tools/demo

test: always
	@tools/setup build test
	@tools/check test

check-all: always
	@tools/setup build test check-all
	@tools/check all

format: always
	@tools/format --fix

clean: always
	rm -rf build build-*

always:
.PHONY: always demo test check-all format clean
