#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: site_model
short_description: Check the whole inventory and turn it into one model of the site
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Reads the groups and variables of the inventory, all hosts of it, also with C(--limit), and turns them into one
    model, from which the plays of the collection take the parameters of their roles.
  - An inventory that cannot work is refused with one message that lists all faults at once, each with its host,
    variable, value and cure. A value that looks like a key, or whose name says so, is never shown.
  - It runs on the controller and contacts no host. Only inventory variables and extra variables count; gathered facts
    and variables that plays set do not.
requirements:
  - The Python library C(netaddr) on the controller.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.info
notes:
  - The groups, the variables and the faults are listed in C(docs/inventory.md) of the collection.
"""

EXAMPLES = r"""
- name: Check the inventory
  hosts: all
  gather_facts: false
  tasks:
    - name: Turn the inventory into the site model
      sitewright.grid.site_model:
      run_once: true
      register: grid

- name: Show who mounts the file system where
  hosts: ceph_clients
  gather_facts: false
  tasks:
    - name: Show the mount point
      ansible.builtin.debug:
        var: grid.site.hosts[inventory_hostname].ceph.client.mount
"""

RETURN = r"""
site:
  description: The model of the site.
  returned: success
  type: dict
  contains:
    name:
      description: The name of the site.
      type: str
      sample: blueberry
    networks:
      description: The networks that all addresses of the site lie in.
      type: list
      elements: str
      sample: [192.0.2.0/24]
    warnings:
      description: What is unwise, but possible; the task shows the same as its warnings.
      type: list
      elements: str
      sample:
        - "(site) ceph_pool_size is 2 instead of 3, as there are no more hosts with OSDs"
    ceph:
      description: Ceph as a whole; V(null) where no host is in a group of Ceph.
      type: dict
      contains:
        fsid:
          description: The fsid that the operator asks for, if any.
          type: str
          sample: 8a0e8f0e-2e34-4b4b-8d54-0a1b0e4ed1c4
        cephx:
          description: Whether daemons and clients have keys.
          type: bool
          sample: true
        monitors:
          description:
            - The monitors, with the C(host) and C(id) of each, its C(address), C(addrs) in Ceph's form, and whether
              it is C(retiring), alone or with its host.
          type: list
          elements: dict
          sample:
            - host: store1
              id: store1
              address: 192.0.2.11
              addrs: "[v2:192.0.2.11:3300,v1:192.0.2.11:6789]"
              retiring: false
        mgrs:
          description: The hosts that run managers.
          type: list
          elements: str
          sample: [store1]
        mdss:
          description: The hosts that run metadata servers.
          type: list
          elements: str
          sample: [store1]
        osds:
          description: The hosts that run OSDs.
          type: list
          elements: str
          sample: [store1]
        clients:
          description: The hosts that mount the file system.
          type: list
          elements: str
          sample: [worker01]
        conf:
          description: The whole C(ceph.conf) but its fsid, a dictionary of section to option to value.
          type: dict
          sample:
            global: {auth_client_required: cephx}
            mon.store1: {host: store1, public_addr: 192.0.2.11}
        config:
          description: The options for the central configuration.
          type: list
          elements: dict
          sample:
            - {who: osd, option: osd_max_backfills, value: "1"}
        config_of_running:
          description: What it has beside, once the cluster's first OSDs are made.
          type: list
          elements: dict
          sample: [{who: osd, option: osd_crush_initial_weight, state: absent}]
        osd_weight_step:
          description: How many GiB of weight new OSDs get at a time, or V(null).
          type: int
        pools:
          description: The pools of the file system; C(pg_num) is V(null) where Ceph decides it.
          type: list
          elements: dict
          sample:
            - name: cephfs_data
              size: 3
              min_size: 2
              pg_num: null
              pg_autoscale_mode: "on"
              application: cephfs
              bulk: true
        filesystem:
          description: The file system; V(null) where there is none.
          type: dict
          sample: {name: cephfs, metadata_pool: cephfs_metadata, data_pools: [cephfs_data]}
        client:
          description: The directory of the file system that clients open, and whether they may write there.
          type: dict
          sample: {path: /, access: rw}
        health_forgiven:
          description: The health codes that are expected on this site.
          type: list
          elements: str
          sample: [POOL_NO_REDUNDANCY]
    condor:
      description: The HTCondor pool as a whole; V(null) where no host is in a group of HTCondor.
      type: dict
      contains:
        managers:
          description: The hosts that are central managers. The first one has the signing key.
          type: list
          elements: str
          sample: [head1]
        submits:
          description: The hosts that are access points.
          type: list
          elements: str
          sample: [head1]
        executes:
          description: The hosts that are execution points.
          type: list
          elements: str
          sample: [worker01]
        collectors:
          description: The addresses of the central managers.
          type: list
          elements: str
          sample: [192.0.2.10]
        trust_domain:
          description: The domain that issues the pool's tokens.
          type: str
          sample: blueberry
        uid_domain:
          description: The domain in which a user is the same person on every host.
          type: str
          sample: blueberry
        token_lifetime:
          description: For how many seconds a host's token is good; V(null) is for ever.
          type: int
          sample: 2592000
    osg:
      description: The workers of OSG as a whole; V(null) where there is none.
      type: dict
      contains:
        workers:
          description: The hosts that are workers of OSG.
          type: list
          elements: str
          sample: [worker01]
        mirror:
          description: The mirror of the site below which all repositories are, or V(null).
          type: str
          sample: https://mirror.example.org
    slurm:
      description: Slurm as a whole; V(null) where no host is in a group of Slurm.
      type: dict
      contains:
        cluster:
          description: The name of the cluster.
          type: str
          sample: blueberry
        controller:
          description: The controller, its C(host) in the inventory, its C(name) without a domain and its C(address).
          type: dict
          sample: {host: head1, name: head1, address: 192.0.2.10}
        nodes:
          description: The hosts that are nodes.
          type: list
          elements: str
          sample: [worker01]
        partitions:
          description: The partitions, with the short names of their C(nodes).
          type: dict
          sample:
            work: {nodes: [worker01], default: true, max_time: null, parameters: {}}
        parameters:
          description: The operator's parameters for C(slurm.conf).
          type: dict
          sample: {PriorityType: priority/multifactor}
    virt:
      description: The virt queue as a whole; V(null) where no host is in C(virt_nodes).
      type: dict
      contains:
        nodes:
          description: The hosts whose batch jobs boot virtual machines.
          type: list
          elements: str
          sample: [worker01]
        condor_submit_knobs:
          description: The knobs with which access points of HTCondor send such jobs to these hosts.
          type: dict
          sample:
            APPEND_REQUIREMENTS: (MY.RequiresVirtualization =!= True || TARGET.CAN_RUN_VIRTUAL_MACHINE =?= True)
    hosts:
      description: Each host that is in a group of the site, by its name in the inventory.
      type: dict
      contains:
        short_name:
          description: The first label of its name, by which its daemons are called.
          type: str
          sample: store1
        address:
          description: Where other hosts reach it, an address or a name.
          type: str
          sample: 192.0.2.11
        retiring:
          description: Whether it is in the group C(retiring).
          type: bool
          sample: false
        ceph:
          description:
            - What it runs of Ceph.
            - C(daemons) lists the kinds, as the role C(ceph_common) names them.
            - C(mon), C(mgr) and C(mds) are the ids of its daemons, or V(null).
            - C(osd_devices) lists its devices; C(size) is in bytes, and V(null) for a device that has its own.
              C(osd_devices_retiring) lists those of a host that stays which are to leave alone, and C(daemons_retiring)
              such daemons.
            - C(client) has the C(entity), the C(mount) point and the C(method) of a client, else it is V(null).
              C(directories) are those of the file system that this client makes for all.
            - C(package_repository) is the repository that its packages come from, or V(null).
          type: dict
          sample:
            daemons: [mon, mgr, osd]
            mon: store1
            mgr: store1
            mds: null
            osd_devices:
              - {path: /dev/vdb, size: null, device_class: null, method: raw}
            osd_devices_retiring: []
            daemons_retiring: []
            client: null
            package_repository: null
        condor:
          description:
            - What it runs of HTCondor; V(null) where that is nothing.
            - C(daemons) lists the kinds, as the role C(condor) names them.
            - C(address) is what its daemons bind to, or V(null) where HTCondor chooses.
            - C(knobs) are the operator's, merged from the site, the groups and the host; C(templates) are further
              templates.
            - C(token) has the C(identity) and the C(authorizations) of its token, or is V(null) on a central manager.
            - C(retirement) and C(drain) tell how its jobs end before a restart; C(purge) whether files of others in the
              directory of the configuration are removed; C(package_source) where its packages come from.
          type: dict
          sample:
            daemons: [execute]
            address: 192.0.2.21
            knobs: {START: true}
            templates: []
            retirement: 86400
            token:
              identity: worker01@execute.blueberry
              authorizations: [ADVERTISE_MASTER, ADVERTISE_STARTD, READ]
            package_source: {source: distribution}
            purge: false
            drain: {schedule: graceful, timeout: 3600}
        osg:
          description:
            - What it has as a worker of OSG; V(null) where it is none.
            - C(repos) has the options of the role C(osg_repos) without their prefix.
            - C(expected_origins) tells from which repository packages have to come.
          type: dict
          sample:
            repos:
              series: 25
              priority: 98
              epel_priority: 99
              exclude: []
              epel_exclude: []
              overrides: {}
              extra: {}
              preflight: refuse
              once: {}
              accepted: []
              expected_origins: {}
            expected_origins: {condor: osg}
        slurm:
          description:
            - What it runs of Slurm; V(null) where that is nothing.
            - C(runs) lists it, as the role C(slurm) names it. C(node) is what M(sitewright.grid.slurm_config) takes of
              a node, or V(null) where it is none.
          type: dict
          sample:
            runs: [node]
            node: {address: 192.0.2.21, features: [avx512], gres: {}, memory_percent: 95, parameters: {}}
        virt:
          description:
            - Its place in the virt queue; V(null) where it has none.
            - C(backends) are the batch systems whose jobs boot guests there; C(emulation), C(guests) and C(exclusive)
              are options of the role C(virt_queue), and C(host) has those of the role C(kvm_host).
          type: dict
          sample:
            backends: [htcondor]
            emulation: false
            guests: 4
            exclusive: true
            host: {users: [], device_mode: "0660", probe_limit: 5, images: [], system_daemon: false}
faults:
  description:
    - What is wrong, each with the C(host), the C(variable), the C(value) as text, and the C(message).
    - C(value) is V(null) where there is none to show, and C(<not shown>) where it may be a secret.
  returned: when the inventory is refused
  type: list
  elements: dict
  sample:
    - host: store3
      variable: ansible_host
      value: 192.0.3.13
      message: "lies in no site_networks [192.0.2.0/24]: correct it, or add its network"
"""
