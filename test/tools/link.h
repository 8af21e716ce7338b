/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one network device from rtnetlink, netkit's attributes included. */
#ifndef NKT_LINK_H
#define NKT_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

struct link {
	char name[IF_NAMESIZE];
	char kind[16]; /* empty for a physical device */
	char alias[256];
	uint8_t mac[6];
	bool has_mac; /* an Ethernet address was there */
	bool has_pairing, has_mode;
	uint32_t ifindex, flags, mtu, group;
	uint32_t num_rx, num_tx; /* as allocated at creation, not those in use */
	uint32_t pairing, mode;	 /* raw netkit numbers */
	uint32_t xdp;	   /* where XDP programs are attached: XDP_ATTACHED_* of linux/if_link.h */
	uint32_t xdp_prog; /* id, 0 if none or more than one */
};

/* Reads device name in a netns (NULL: here); exits with a message if there is none. */
void link_get(const char *netns, const char *name, struct link *ret_link);

/* "none", "native", "generic", "hardware" or "several" */
const char *link_xdp_name(uint32_t xdp);

#endif
