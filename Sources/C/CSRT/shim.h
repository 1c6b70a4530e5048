/* libsrt for Swift. There is no `link` line: the target SRT links the static library, and hides it. */
#ifndef HEADWATER_CSRT_SHIM_H
#define HEADWATER_CSRT_SHIM_H

#include <srt/srt.h>

#endif
