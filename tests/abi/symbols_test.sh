#!/bin/sh
# libhadal.so exports exactly the names in exports.txt, and imports nothing that ends the process, prints, changes
# signals or the locale, or reaches the network, except what imports_allowed.txt gives a reason for.
library=$1
folder=$2
sanitizers=$3
status=0

found=$(nm -D --defined-only "$library" | awk '$2 != "A" {print $3}' | sed 's/@.*//' | sort)
if [ "$found" != "$(sort "$folder/exports.txt")" ]; then
  echo "exported symbols differ from exports.txt (< expected, > found):"
  echo "$found" > "${TMPDIR:-/tmp}/hadal_exports.$$"
  sort "$folder/exports.txt" | diff - "${TMPDIR:-/tmp}/hadal_exports.$$"
  rm -f "${TMPDIR:-/tmp}/hadal_exports.$$"
  status=1
fi

if [ -n "$sanitizers" ]; then
  echo "imports not looked at: built with sanitizers"
  exit $status
fi
forbidden='^(abort|exit|_exit|_Exit|quick_exit|at_quick_exit|atexit|raise|kill|signal|sigaction|sigprocmask|pthread_sigmask|longjmp|_longjmp|siglongjmp|__longjmp_chk|setjmp|_setjmp|fork|vfork|exec.*|posix_spawn.*|system|popen|.*printf|__.*printf_chk|puts|putchar|putc|fputs|fputc|perror|psignal|setlocale|newlocale|uselocale|fesetround|fesetenv|feenableexcept|socket|connect|bind|listen|accept|getaddrinfo|gethostbyname|send|sendto|recv|recvfrom|getenv|secure_getenv|setenv|putenv|__assert_fail|_ZSt4cout|_ZSt4cerr|_ZSt4clog)$'
for symbol in $(nm -D --undefined-only "$library" | awk '{print $2}' | sed 's/@.*//' | sort -u | grep -E "$forbidden"); do
  grep -q "^$symbol[[:space:]]" "$folder/imports_allowed.txt" || { echo "imports $symbol, which imports_allowed.txt does not allow"; status=1; }
done
exit $status
