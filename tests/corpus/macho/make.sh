#!/bin/sh
# Makes the Mach-O files of this directory anew: with clang, and ld64.lld of lld 14 and later.
# usage: tests/corpus/macho/make.sh
set -eu
cd "$(dirname "$0")"
lld=$(command -v ld64.lld || command -v ld64.lld-14)
link="$lld -arch x86_64 -platform_version macos 11.0 14.0"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/libSystem.B.tbd" <<'END'
--- !tapi-tbd
tbd-version:     4
targets:         [ x86_64-macos ]
install-name:    /usr/lib/libSystem.B.dylib
exports:
  - targets:         [ x86_64-macos ]
    symbols:         [ dyld_stub_binder, _puts ]
...
END
echo 'int greet(void) { return 0; }' >"$work/greet.c"
echo 'int greet(void), thank(void); int main(void) { return greet() + thank(); }' >"$work/main.c"
echo 'int thank(void) { return 0; }' >"$work/thank.c"
for name in greet thank main; do
    clang -target x86_64-apple-macos11 -ffreestanding -O1 -c "$work/$name.c" -o "$work/$name.o"
done

mkdir -p App.app/Contents/MacOS App.app/Contents/Frameworks
$link -dylib -install_name @rpath/libgreet.1.dylib -current_version 1.2 \
    -compatibility_version 1.0 "$work/greet.o" "$work/libSystem.B.tbd" \
    -o App.app/Contents/Frameworks/libgreet.1.dylib
$link -dylib -install_name @rpath/libthank.dylib "$work/thank.o" "$work/libSystem.B.tbd" \
    -o "$work/libthank.dylib"
$link -rpath @executable_path/../Frameworks "$work/main.o" \
    App.app/Contents/Frameworks/libgreet.1.dylib "$work/libthank.dylib" \
    "$work/libSystem.B.tbd" -o App.app/Contents/MacOS/App
