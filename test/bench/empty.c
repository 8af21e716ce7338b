// SPDX-License-Identifier: Apache-2.0
/* empty: does nothing; what it costs to start and end a static executable. */
int main(void)
{
	return 0;
}
