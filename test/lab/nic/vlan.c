// SPDX-License-Identifier: GPL-2.0-only
/*
 * VLAN offloads of receiving: the filter, and stripping the tag into the skb.
 */
#include "labnic.h"

static bool labnic_tagged(const struct labnic_frame *frame)
{
	const struct vlan_ethhdr *eth = (const void *)frame->data;

	return eth->h_vlan_proto == htons(ETH_P_8021Q);
}

/* Whether the filter, if it is on, takes the frame: untagged, or of a VLAN that somebody added. */
bool labnic_vlan_wanted(const struct labnic *nic, const struct labnic_frame *frame)
{
	const struct vlan_ethhdr *eth = (const void *)frame->data;

	if (!(READ_ONCE(nic->dev->features) & NETIF_F_HW_VLAN_CTAG_FILTER) ||
	    (READ_ONCE(nic->dev->flags) & IFF_PROMISC) || !labnic_tagged(frame))
		return true;
	return test_bit(ntohs(eth->h_vlan_TCI) & VLAN_VID_MASK, nic->vlans);
}

/* Takes the tag out, if stripping is on: XDP does not see it, the stack gets it beside the skb. */
void labnic_vlan_strip(const struct labnic *nic, struct labnic_frame *frame)
{
	const struct vlan_ethhdr *eth = (const void *)frame->data;
	netdev_features_t features = READ_ONCE(nic->dev->features);

	if (!(features & NETIF_F_HW_VLAN_CTAG_RX && labnic_tagged(frame)) &&
	    !(features & NETIF_F_HW_VLAN_STAG_RX && eth->h_vlan_proto == htons(ETH_P_8021AD)))
		return;
	frame->stripped = true;
	frame->proto = eth->h_vlan_proto;
	frame->tci = ntohs(eth->h_vlan_TCI);
	frame->len -= VLAN_HLEN;
	memmove(frame->data + 2 * ETH_ALEN, frame->data + 2 * ETH_ALEN + VLAN_HLEN,
		frame->len - 2 * ETH_ALEN);
}

/* Under rtnl, and only while the filter is on: the core adds all anew when it is switched on. */
int labnic_vlan_rx_add_vid(struct net_device *dev, __be16 proto, u16 id)
{
	struct labnic *nic = netdev_priv(dev);
	int err = labnic_may_fail(nic);

	if (!err)
		set_bit(id, nic->vlans);
	return err;
}

/* Not one that may fail: the core has no use for the error, and would leave the VLAN in. */
int labnic_vlan_rx_kill_vid(struct net_device *dev, __be16 proto, u16 id)
{
	struct labnic *nic = netdev_priv(dev);

	clear_bit(id, nic->vlans);
	return 0;
}
