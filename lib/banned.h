/* SPDX-License-Identifier: Apache-2.0 */
/* banned.h - functions that do not compile here: no length, no error, or hidden state */
#ifndef NK_BANNED_H
#define NK_BANNED_H

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets atoi atol strtok

#endif
