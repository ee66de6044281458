#!/bin/sh
# Tells what a job finds on a worker of OSG: lines of name and value.
for name in OSG_APP OSG_DATA OSG_GRID OSG_SITE_NAME OSG_SQUID_LOCATION OSG_WN_TMP X509_CERT_DIR; do
  eval "echo $name \"\$$name\""
done
for command in curl fetch-crl gfal-copy ldapsearch voms-proxy-init wget xrdcp; do
  echo "$command $(PATH=$PATH:/usr/sbin command -v $command)"
done
echo account "$(id -un)"
echo anchors "$(ls "$X509_CERT_DIR" | grep -c '^[0-9a-f]\{8\}[.]0$')"
echo something >"$OSG_WN_TMP/job.$1"
# The same path seen below the job's scratch directory: what is written there goes with the job.
find "$_CONDOR_SCRATCH_DIR" -name "job.$1" | sed 's/^/scratch /'
gfal-copy --force "file://$OSG_WN_TMP/job.$1" "file://$_CONDOR_SCRATCH_DIR/copied" >/dev/null && echo copied "$(cat copied)"
xrdcp --version 2>&1 | sed 's/^/xrootd /'
voms-proxy-info --version 2>&1 | sed -n 's/.*Version: */voms /p'
