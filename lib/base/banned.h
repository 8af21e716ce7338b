/* SPDX-License-Identifier: Apache-2.0 */
/* banned.h - functions that must not be used: they take no length, report no error, or hide state */
#ifndef NK_BANNED_H
#define NK_BANNED_H

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets atoi atol strtok

#endif
