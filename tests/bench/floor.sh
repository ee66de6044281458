#!/usr/bin/env bash
# The floor of the benchmark: the lab's Ceph site made by plain shell over parallel ssh, with nothing checked, nothing
# kept for a second run, and no way back. Hosts must be bare of Ceph's data, with its packages installed.
#
#   floor.sh SSH_COMMAND...      for example: floor.sh molecule/ssh
set -euo pipefail

ssh=("$@")
stores=(store1 store2 store3)
addresses=(198.51.100.11 198.51.100.12 198.51.100.13)
metadata_servers=(store1 store2)
clients=(head1 worker1 worker2)
fsid=$(cat /proc/sys/kernel/random/uuid)

on() { # HOST SCRIPT: stdin passes through
  "${ssh[@]}" "$1" "set -e; $2"
}

everywhere() { # SCRIPT HOST...: in parallel, stdin copied to each
  local script=$1 host pids=() input
  shift
  input=$(base64 --wrap=0)
  for host in "$@"; do
    base64 --decode <<<"$input" | on "$host" "$script" &
    pids+=($!)
  done
  for host in "${pids[@]}"; do
    wait "$host"
  done
}

mon_host=$(printf '[v2:%s:3300,v1:%s:6789] ' "${addresses[0]}" "${addresses[0]}" "${addresses[1]}" "${addresses[1]}" \
  "${addresses[2]}" "${addresses[2]}")
conf="[global]
fsid = $fsid
mon_host = $mon_host
mon_initial_members = store1,store2,store3
osd_memory_target = 939524096
mon_data_avail_warn = 1
bluestore_block_create = true
bluestore_block_size = 6442450944"

on store1 "
  mkdir -p /root/floor; cd /root/floor; cat >ceph.conf
  ceph-authtool -C mon.keyring -g -n mon. --cap mon 'allow *' >/dev/null
  ceph-authtool -C admin.keyring -g -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mds 'allow *' --cap mgr 'allow *' >/dev/null
  ceph-authtool mon.keyring --import-keyring admin.keyring >/dev/null
  monmaptool --create --fsid $fsid --enable-all-features --addv store1 '[v2:${addresses[0]}:3300,v1:${addresses[0]}:6789]' \
    --addv store2 '[v2:${addresses[1]}:3300,v1:${addresses[1]}:6789]' --addv store3 '[v2:${addresses[2]}:3300,v1:${addresses[2]}:6789]' monmap >/dev/null
  tar -c ." <<<"$conf" |
  everywhere "
    mkdir -p /root/floor; cd /root/floor; tar -x
    cp ceph.conf /etc/ceph/ceph.conf; cp admin.keyring /etc/ceph/ceph.client.admin.keyring
    host=\$(hostname); install -d -o ceph -g ceph /var/lib/ceph/mon/ceph-\$host; chmod 755 /root /root/floor; chmod 644 mon.keyring
    ceph-mon --setuser ceph --setgroup ceph --mkfs -i \$host --monmap monmap --keyring mon.keyring
    systemctl enable --now --quiet ceph-mon@\$host" "${stores[@]}"

on store1 "
  ceph --connect-timeout 60 config set mon auth_allow_insecure_global_id_reclaim false
  ceph osd pool create cephfs_metadata >/dev/null 2>&1; ceph osd pool create cephfs_data --bulk >/dev/null 2>&1
  ceph fs new cephfs cephfs_metadata cephfs_data >/dev/null 2>&1" </dev/null

everywhere "
  host=\$(hostname)
  install -d -o ceph -g ceph /var/lib/ceph/mgr/ceph-\$host
  ceph auth get-or-create mgr.\$host mon 'profile mgr' osd 'allow *' mds 'allow *' -o /var/lib/ceph/mgr/ceph-\$host/keyring
  systemctl enable --now --quiet ceph-mgr@\$host
  make_osd() {
    uuid=\$(cat /proc/sys/kernel/random/uuid); key=\$(ceph-authtool --gen-print-key)
    id=\$(echo \"{\\\"cephx_secret\\\":\\\"\$key\\\"}\" | ceph osd new \$uuid -i -)
    install -d -o ceph -g ceph /var/lib/ceph/osd/ceph-\$id
    printf '[osd.%s]\n\tkey = %s\n' \$id \$key >/var/lib/ceph/osd/ceph-\$id/keyring
    chown ceph: /var/lib/ceph/osd/ceph-\$id/keyring
    ceph-osd -i \$id --mkfs --osd-uuid \$uuid --setuser ceph --setgroup ceph
    systemctl enable --now --quiet ceph-osd@\$id
  }
  make_osd & make_osd & wait" "${stores[@]}" </dev/null

everywhere "
  host=\$(hostname)
  install -d -o ceph -g ceph /var/lib/ceph/mds/ceph-\$host
  ceph auth get-or-create mds.\$host mon 'profile mds' mgr 'profile mds' mds 'allow *' osd 'allow rw tag cephfs *=*' -o /var/lib/ceph/mds/ceph-\$host/keyring
  systemctl enable --now --quiet ceph-mds@\$host" "${metadata_servers[@]}" </dev/null

# ceph-fuse gives up where no metadata server is active yet.
on store1 "
  until [[ \$(ceph mds stat) == *up:active* ]]; do sleep 0.2; done
  for client in ${clients[*]}; do ceph fs authorize cephfs client.grid.\$client / rw >/root/floor/ceph.client.grid.\$client.keyring; done
  cd /root/floor; tar -c ceph.conf ceph.client.grid.*" </dev/null |
  everywhere "
    cd /etc/ceph; tar -x; mkdir -p /cephfs
    ceph-fuse --id grid.\$(hostname) --client_fs cephfs /cephfs >/dev/null 2>&1" "${clients[@]}"

until [[ $(on store1 "ceph osd stat --format json" </dev/null) =~ \"num_up_osds\":6 ]]; do
  sleep 0.5
done
