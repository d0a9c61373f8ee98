#!/bin/sh
# Makes hadal64.tlb, hadal32.tlb and hadal_idl.h of hadal.idl. Needed after a change of the .idl only: packages
# mingw-w64-tools, libwine-dev, libwine (for stdole2.tlb), unifdef.
set -e
cd "$(dirname "$0")"
folders="-I /usr/include/wine/wine/windows -L /usr/lib/x86_64-linux-gnu/wine/x86_64-windows"
x86_64-w64-mingw32-widl $folders -t -o hadal64.tlb hadal.idl
i686-w64-mingw32-widl $folders -t -o hadal32.tlb hadal.idl
x86_64-w64-mingw32-widl $folders -h -o hadal_idl.h hadal.idl
# C++ only: what C would need of it is twice as long.
unifdef -x2 -B -m -D__cplusplus -UCINTERFACE -UCOBJMACROS hadal_idl.h
