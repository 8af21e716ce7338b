// SPDX-License-Identifier: Apache-2.0
/* journal_list.c - read all entries of the journal, and remove what killed processes left in it */
#include "run/journal.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/list.h"
#include "cni/request.h"
#include "run/journal_file.h"
#include "run/journal_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"

struct reading {
	struct nk_journal_list *list;
	struct nk_key key; /* filled in from the directory names */
	struct nk_error *err;
	uint32_t most; /* as of nk_journal_read() */
	/* Of the containers of one network */
	uint32_t seen;
	unsigned int random;
	char sample[NK_JOURNAL_SAMPLE][NK_ID_SIZE];
};

/* parse_name() - parse "<CNI_IFNAME>:<effective name>:<kind>" into @key. Return: the kind, or NULL */
static const char *parse_name(const char *name, struct nk_key *key)
{
	const char *second = strchr(name, ':'), *kind = second ? strchr(second + 1, ':') : NULL;

	if (!kind || second - name >= IFNAMSIZ || kind - second - 1 >= IFNAMSIZ)
		return NULL;
	memset(key->cni_ifname, 0, sizeof(key->cni_ifname));
	memset(key->ifname, 0, sizeof(key->ifname));
	memcpy(key->cni_ifname, name, (size_t)(second - name));
	memcpy(key->ifname, second + 1, (size_t)(kind - second - 1));
	return nk_request_is_ifname(key->cni_ifname) && nk_request_is_ifname(key->ifname) ?
		       kind + 1 :
		       NULL;
}

/* find_entry() - find or append the entry of @reading->key; NULL when out of memory. Entries of one
 * container are adjacent.
 */
static struct nk_journal_entry *find_entry(struct reading *reading)
{
	const struct nk_journal_entry new = { .key = reading->key };
	struct nk_journal_list *list = reading->list;
	uint32_t i;

	for (i = list->count; i-- > 0;)
		if (nk_key_equal(&list->at[i].key, &new.key))
			return &list->at[i];
		else if (strcmp(list->at[i].key.container_id, new.key.container_id) != 0)
			break;
	return nk_list_add(list, &new, reading->err) ? NULL : &list->at[list->count - 1];
}

static bool is_postponed(int dir, const char *name)
{
	const time_t now = time(NULL);
	struct stat st;

	/* If the clock was set back, the entry must not wait forever. */
	return !fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) && st.st_mtim.tv_sec > now &&
	       st.st_mtim.tv_sec <= now + NK_JOURNAL_POSTPONE_S;
}

static int read_file(struct reading *reading, int dir, const char *name)
{
	const char *kind = parse_name(name, &reading->key);
	const char *colon = strchr(name, ':');
	struct nk_journal_entry *entry;

	if (!kind && colon && !strcmp(colon + 1, NK_JOURNAL_LOCK))
		nk_journal_drop_lock(dir, name);
	if (!kind)
		return 0;
	entry = find_entry(reading);
	if (!entry)
		return -ENOMEM;
	entry->has_add |= !strcmp(kind, NK_JOURNAL_ADD);
	entry->is_postponed |= !strcmp(kind, NK_JOURNAL_IPAM) && is_postponed(dir, name);
	return 0;
}

/* read_dir() - call @read for each name in directory @name of @dir. The directory may be missing,
 * and is removed if it is empty. Return: what @read returned, or why the directory cannot be read
 */
static int read_dir(struct reading *reading, int dir, const char *name,
		    int (*read)(struct reading *reading, int dir, const char *name))
{
	int fd cleanup_close = nk_rundir_open_at(dir, name), rc = 0;
	DIR *list cleanup_closedir = nk_steal_dir(&fd);
	const struct dirent *entry;

	if (!list) {
		rc = fd < 0 ? fd : -errno;
		return rc == -ENOENT || rc == -ENOTDIR || rc == -ELOOP ? 0 : rc;
	}
	for (errno = 0; !rc && (entry = readdir(list)); errno = 0)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			rc = read(reading, dirfd(list), entry->d_name);
	rc = rc ? rc : -errno;
	nk_journal_drop_lock(dirfd(list), NK_JOURNAL_NETWORK_LOCK);
	(void)unlinkat(dir, name, AT_REMOVEDIR);
	return rc;
}

static int read_container(struct reading *reading, int dir, const char *name)
{
	if (!nk_request_is_id(name))
		return 0;
	snprintf(reading->key.container_id, NK_ID_SIZE, "%.255s", name);
	return read_dir(reading, dir, name, read_file);
}

/* pick_container() - each of N containers is in a sample of S with the probability S / N */
static int pick_container(struct reading *reading, int dir, const char *name)
{
	uint32_t place = reading->seen;

	(void)dir;
	if (!nk_request_is_id(name))
		return 0;
	reading->seen++;
	if (place >= reading->most)
		place = (uint32_t)rand_r(&reading->random) % reading->seen;
	if (place < reading->most)
		snprintf(reading->sample[place], NK_ID_SIZE, "%.255s", name);
	return 0;
}

/* read_picked() - Return: 0 or a negative errno */
static int read_picked(struct reading *reading, int dir, const char *network)
{
	int fd cleanup_close = -1, rc = 0;
	uint32_t i;

	if (!reading->seen)
		return 0;
	fd = nk_rundir_open_at(dir, network);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	for (i = 0; i < reading->seen && i < reading->most && !rc; i++)
		rc = read_container(reading, fd, reading->sample[i]);
	return rc;
}

static int read_network(struct reading *reading, int dir, const char *name)
{
	int rc;

	if (!nk_request_is_id(name))
		return 0;
	snprintf(reading->key.network, NK_ID_SIZE, "%.255s", name);
	if (reading->most == NK_JOURNAL_ALL)
		return read_dir(reading, dir, name, read_container);
	reading->seen = 0;
	rc = read_dir(reading, dir, name, pick_container);
	return rc ? rc : read_picked(reading, dir, name);
}

int nk_journal_read(const char *network, uint32_t most, struct nk_journal_list *ret,
		    struct nk_error *err)
{
	struct reading reading = { .list = ret, .err = err, .most = most };
	struct nk_rundir dir;
	int rc = nk_rundir_open(NK_JOURNAL_DIR, false, &dir);

	/* Without random bytes, it is the same sample each time. */
	if (most != NK_JOURNAL_ALL)
		(void)!getrandom(&reading.random, sizeof(reading.random), GRND_NONBLOCK);
	if (!rc)
		rc = network ? read_network(&reading, dir.fd, network) :
			       read_dir(&reading, dir.fd, ".", read_network);
	nk_rundir_prune(&dir);
	if (!rc || rc == -ENOENT)
		return 0;
	return nk_rundir_failed(err, rc, NK_JOURNAL_CANNOT_USE, "read", NK_JOURNAL_DIR);
}
