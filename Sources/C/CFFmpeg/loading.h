/* How libraries are loaded: there is no `link` line, for they bring 130 others with them. */
#ifndef HEADWATER_CFFMPEG_LOADING_H
#define HEADWATER_CFFMPEG_LOADING_H

#include <dlfcn.h>
#include <libavcodec/version_major.h>
#include <libavfilter/version_major.h>
#include <libavformat/version_major.h>
#include <libavutil/log.h>
#include <libavutil/version.h>
#include <libswscale/version_major.h>

#define CFFMPEG_NAME(library, version) CFFMPEG_NAME_OF(library, version)
#define CFFMPEG_NAME_OF(library, version) "lib" #library ".so." #version

/* The versions that these headers describe, with their names visible to nobody else. */
#define CFFMPEG_OPEN(library, version) dlopen(CFFMPEG_NAME(library, version), RTLD_NOW | RTLD_LOCAL)
#define CFFMPEG_UTIL CFFMPEG_OPEN(avutil, LIBAVUTIL_VERSION_MAJOR)
#define CFFMPEG_CODEC CFFMPEG_OPEN(avcodec, LIBAVCODEC_VERSION_MAJOR)
#define CFFMPEG_FORMAT CFFMPEG_OPEN(avformat, LIBAVFORMAT_VERSION_MAJOR)
#define CFFMPEG_SCALE CFFMPEG_OPEN(swscale, LIBSWSCALE_VERSION_MAJOR)
#define CFFMPEG_FILTER CFFMPEG_OPEN(avfilter, LIBAVFILTER_VERSION_MAJOR)

/* For lists of functions, each with the variable that has its library: members of a structure, and what fills them. */
#define CFFMPEG_MEMBER(library, function) __typeof__(&function) function;
#define CFFMPEG_LOOK_UP(library, function) \
    if (!(functions->function = (__typeof__(functions->function))dlsym(library, #function))) return dlerror();

/* A sink that is not interested in the arguments: an array or a structure that goes by reference either way. */
typedef void (*cffmpeg_sink)(void *context, int level, const char *format, void *arguments);

/* All libraries log through libavutil. */
static inline void cffmpeg_log_to(int level, cffmpeg_sink sink) {
    void *util = CFFMPEG_UTIL;
    if (!util) return;
    __typeof__(&av_log_set_level) set_level = (__typeof__(set_level))dlsym(util, "av_log_set_level");
    __typeof__(&av_log_set_callback) set_callback = (__typeof__(set_callback))dlsym(util, "av_log_set_callback");
    if (set_level) set_level(level);
    if (set_callback) set_callback((void (*)(void *, int, const char *, va_list))sink);
}

#endif
