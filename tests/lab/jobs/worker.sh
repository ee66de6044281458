#!/bin/sh
# A job on a worker of OSG: tells what it finds there, as lines of name and value. Its argument names its files.
for name in OSG_APP OSG_DATA OSG_GRID OSG_SQUID_LOCATION OSG_WN_TMP X509_CERT_DIR; do
  echo "$name $(printenv $name)"
done
for command in curl gfal-copy ldapsearch voms-proxy-init wget xrdcp; do
  echo "$command $(command -v $command)"
done
echo "account $(id -un)"
echo "authorities $(ls "$X509_CERT_DIR" | grep -c '^[0-9a-f]\{8\}[.][0-9]$')"
echo "voms $(voms-proxy-info --version 2>&1 | sed -n 's/.*Version: *//p')"
echo "xrootd $(xrdcp --version 2>&1)"

# Its own OSG_WN_TMP is below its scratch directory, by another name.
echo something >"$OSG_WN_TMP/job.$1"
find "$_CONDOR_SCRATCH_DIR" -name "job.$1" | sed 's,.*/dir_[0-9]*,scratch ,'
gfal-copy "file://$OSG_WN_TMP/job.$1" "file://$_CONDOR_SCRATCH_DIR/copied" >/dev/null && echo "copied $(cat copied)"

echo "data $(sh -c "umask 022; echo $1 >$OSG_DATA/job.$1" 2>&1)"
echo "app $(touch "$OSG_APP/job.$1" 2>&1 | sed 's/.*: //')"
echo "software $(cat "$OSG_APP/software")"
