/*
 * Lets the monotonic clocks stand still while the file exists that FROZEN_CLOCK_FILE names, as a process in a frozen
 * sandbox sees them, and lets them go on from there when it is gone. The wall clock runs on. For LD_PRELOAD.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int frozen;

/* Where the kernel's clock stood when the freeze began, and how far this one is behind it since earlier ones. */
static long long frozen_at;
static long long behind;

static long long seen(long long now)
{
	const char *file = getenv("FROZEN_CLOCK_FILE");
	int freeze = file != NULL && access(file, F_OK) == 0;
	if (freeze && !frozen) {
		frozen_at = now;
	}
	if (!freeze && frozen) {
		behind += now - frozen_at;
	}
	frozen = freeze;
	return (freeze ? frozen_at : now) - behind;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
	if (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_RAW && clock != CLOCK_MONOTONIC_COARSE
			&& clock != CLOCK_BOOTTIME) {
		return (int) syscall(SYS_clock_gettime, clock, time);
	}
	/* The time is taken inside, or one thread's could go back. */
	pthread_mutex_lock(&lock);
	int result = (int) syscall(SYS_clock_gettime, CLOCK_MONOTONIC, time);
	if (result == 0) {
		long long nanos = seen(time->tv_sec * SECOND + time->tv_nsec);
		time->tv_sec = nanos / SECOND;
		time->tv_nsec = nanos % SECOND;
	}
	pthread_mutex_unlock(&lock);
	return result;
}
