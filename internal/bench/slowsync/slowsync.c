/* A library to be preloaded: every fsync and fdatasync of a program that goes
 * through the C library (SQLite does) takes SLOW_SYNC_US microseconds longer, as
 * on an SD card. Built and used by package bench. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

static void wait_for_card(void) {
	const char *text = getenv("SLOW_SYNC_US");
	long us = text ? strtol(text, NULL, 10) : 0;
	struct timespec left = {us / 1000000, us % 1000000 * 1000};
	while (us > 0 && nanosleep(&left, &left) == -1 && errno == EINTR) {
	}
}

static int after_the_card(const char *name, int fd) {
	int (*sync_of_libc)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
	wait_for_card();
	return sync_of_libc(fd);
}

int fsync(int fd) { return after_the_card("fsync", fd); }
int fdatasync(int fd) { return after_the_card("fdatasync", fd); }
