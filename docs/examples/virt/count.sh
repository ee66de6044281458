#!/bin/sh
# Runs in the guest, in the directory of its input; what it writes to ../output comes back.
set -e
tr -cs '[:alpha:]' '\n' <"$1" | sort | uniq -c | sort -rn >../output/words
sha256sum "$1" >../output/checksum
echo "counted $(wc -l <../output/words) words"
# Any exit code is the job's: here, that of a file without words.
[ -s ../output/words ]
