/* SPDX-License-Identifier: Apache-2.0 */
/* mac.h - MAC addresses as text */
#ifndef NK_MAC_H
#define NK_MAC_H

#include "base/types.h"

#define NK_MAC_TEXT_SIZE 18

/* nk_mac_text() - "02:00:00:00:00:01" */
void nk_mac_text(const uint8_t mac[NK_MAC_LEN], char ret[NK_MAC_TEXT_SIZE]);

/* nk_mac_parse() - exactly six hex bytes with colons. Return: whether @text is that */
bool nk_mac_parse(const char *text, uint8_t ret[NK_MAC_LEN]);

/* nk_mac_parse_any() - also "02-00-00-00-00-01" and "0200.0000.0001", which Go's plugins accept and
 * copy into their results
 */
bool nk_mac_parse_any(const char *text, uint8_t ret[NK_MAC_LEN]);

#endif
