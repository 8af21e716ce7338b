#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kubevirt-hook.py - KubeVirt's hook "onDefineDomain": puts leased queues on QEMU's command line

  onDefineDomain --vmi JSON --domain XML    as KubeVirt's sidecar-shim calls it; prints the new XML

Each interface of the VM that has our network binding becomes a -netdev and a -device argument, by the
attachment.json that "nk-cni oci-hook" puts into each container of the Pod. The binding's name is that of
the plugin for which KubeVirt has started this sidecar, or "af-xdp". Either the whole XML is printed, or
an error on stderr, and the exit status is 1: then the VM does not start.
"""
import argparse
import glob
import hashlib
import json
import os
import sys
import xml.etree.ElementTree as ET

QEMU = "http://libvirt.org/schemas/domain/qemu/1.0"
ET.register_namespace("qemu", QEMU)
# Of an interface of the VM: what we act on, and what needs nothing from us.
KNOWN = {"name", "binding", "macAddress", "model", "state"}


class Refusal(Exception):
    """What was tried, what is wrong with it, and what to do."""


def pod_interface(network):
    """KubeVirt's name for the Pod's interface of a secondary network (pkg/network/namescheme)."""
    return "pod" + hashlib.sha256(network.encode()).hexdigest()[:11]


def read_attachments(directory):
    """All attachments of the Pod, by the interface that Multus asked for."""
    found = {}
    for path in sorted(glob.glob(os.path.join(directory, "*", "attachment.json"))):
        try:
            with open(path, encoding="utf-8") as file:
                attachment = json.load(file)
            found[attachment["cniIfName"]] = attachment
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Refusal(f"read {path}: {error!r}: recreate the Pod; its nk-cni and this hook "
                          "must be of one release") from error
    return found


def find_attachment(interface, attachments, directory):
    """The attachment of one interface of the VM, which QEMU can use."""
    name = interface["name"]
    wanted = pod_interface(name)
    if wanted not in attachments:
        raise Refusal(f"interface {name}: no {directory}/*/attachment.json is of {wanted}, found are: "
                      f"{', '.join(attachments) or 'none'}. Is its network's type nk-cni, with queues, "
                      'and does the runtime call "nk-cni oci-hook" for this container?')
    attachment = attachments[wanted]
    if "qemuNetdev" not in attachment:
        raise Refusal(f'interface {name}: the attachment has no map: remove "xsk": {{"map": false}} and '
                      '"rings" from its network')
    if not attachment["zeroCopy"]:
        raise Refusal(f"interface {name}: NIC {attachment['nic']} has no AF_XDP zero copy for this device, "
                      "without which a VM cannot send: take a single, on a NIC that has it")
    unknown = sorted(set(interface) - KNOWN)
    if unknown or interface.get("model", "virtio") != "virtio":
        raise Refusal(f"interface {name}: {', '.join(unknown) or 'model'} has no effect with this binding: "
                      "remove it")
    if interface.get("macAddress", attachment["mac"]).lower() != attachment["mac"]:
        raise Refusal(f"interface {name}: macAddress is {interface['macAddress']}, and the NIC delivers "
                      f"{attachment['mac']}: add \"capabilities\": {{\"mac\": true}} to its network")
    return attachment


def qemu_arguments(name, attachment):
    """The words for QEMU's command line; the ids are KubeVirt's name of the interface."""
    kind, template_id, rest = attachment["qemuNetdev"].split(",", 2)
    if (kind, template_id) != ("af-xdp", "id=net0"):
        raise Refusal(f"interface {name}: qemuNetdev is {attachment['qemuNetdev']}: nk-cni and this hook "
                      "must be of one release")
    queues = len(attachment["queues"])
    # No boot from the network: no broadcast, and so no DHCP, reaches a leased queue.
    device = (f"virtio-net-pci,netdev=hostnk-{name},id=nk-{name},mac={attachment['mac']},"
              f"host_mtu={attachment['mtu']},romfile=")
    if queues > 1:
        device += f",mq=on,vectors={2 * queues + 2}"
    return ["-netdev", f"af-xdp,id=hostnk-{name},{rest}", "-device", device]


def parse_domain(text):
    """libvirt's description of the VM."""
    try:
        domain = ET.fromstring(text)
    except ET.ParseError as error:
        raise Refusal(f"read --domain: no XML: {error}") from error
    if domain.tag != "domain":
        raise Refusal(f"read --domain: it is <{domain.tag}>, and no libvirt <domain>")
    return domain


def define(vmi_text, domain_text, directory, binding):
    """The new XML."""
    try:
        interfaces = json.loads(vmi_text)["spec"]["domain"]["devices"].get("interfaces") or []
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refusal(f"read --vmi: no VirtualMachineInstance: {error!r}") from error
    domain = parse_domain(domain_text)
    ours = [one for one in interfaces
            if (one.get("binding") or {}).get("name") == binding and one.get("state") != "absent"]
    if not ours:
        raise Refusal(f'no interface of the VM has "binding": {{"name": "{binding}"}}')
    attachments = read_attachments(directory)
    arguments = [word for one in ours
                 for word in qemu_arguments(one["name"], find_attachment(one, attachments, directory))]
    command_line = domain.find(f"{{{QEMU}}}commandline")
    if command_line is None:
        command_line = ET.SubElement(domain, f"{{{QEMU}}}commandline")
    for word in arguments:
        ET.SubElement(command_line, f"{{{QEMU}}}arg", value=word)
    return ET.tostring(domain, encoding="unicode")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vmi", required=True, metavar="JSON")
    parser.add_argument("--domain", required=True, metavar="XML")
    parser.add_argument("--attachments", default="/run/nk-cni", metavar="DIR", help="of the Pod (%(default)s)")
    options = parser.parse_args()
    try:
        text = define(options.vmi, options.domain, options.attachments,
                      os.environ.get("NETWORK_BINDING_PLUGIN_NAME", "af-xdp"))
    except Refusal as refusal:
        sys.exit(f"nk-cni: KubeVirt hook: {refusal}")
    print(text)


if __name__ == "__main__":
    main()
