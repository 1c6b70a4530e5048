/* libavformat for Swift. There is no `link` line: it brings 130 libraries with it, and is loaded when it is needed. */
#ifndef HEADWATER_CFFMPEG_SHIM_H
#define HEADWATER_CFFMPEG_SHIM_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/dict.h>

#include "loading.h"

/* Each function, with the library that has it. */
#define CFFMPEG_FUNCTIONS(ENTRY) \
    ENTRY(format, avformat_alloc_context) \
    ENTRY(format, avformat_open_input) \
    ENTRY(format, avformat_find_stream_info) \
    ENTRY(format, avformat_close_input) \
    ENTRY(format, avformat_network_init) \
    ENTRY(format, av_read_frame) \
    ENTRY(format, av_seek_frame) \
    ENTRY(format, avio_alloc_context) \
    ENTRY(format, avio_context_free) \
    ENTRY(codec, av_packet_alloc) \
    ENTRY(codec, av_packet_free) \
    ENTRY(codec, av_packet_unref) \
    ENTRY(codec, avcodec_get_name) \
    ENTRY(util, av_dict_set) \
    ENTRY(util, av_dict_get) \
    ENTRY(util, av_dict_free) \
    ENTRY(util, av_malloc) \
    ENTRY(util, av_free)

/* The libraries, loaded. */
struct cffmpeg_library {
    CFFMPEG_FUNCTIONS(CFFMPEG_MEMBER)
};

/* Loads them; what the loader says where one is missing. */
static inline const char *cffmpeg_load(struct cffmpeg_library *functions) {
    void *util = CFFMPEG_UTIL;
    void *codec = util ? CFFMPEG_CODEC : NULL;
    void *format = codec ? CFFMPEG_FORMAT : NULL;
    if (!format) return dlerror();
    CFFMPEG_FUNCTIONS(CFFMPEG_LOOK_UP)
    return NULL;
}

/* What Swift cannot read: macros with casts and calls in them. */
static inline int64_t cffmpeg_no_time(void) { return AV_NOPTS_VALUE; }
static inline int cffmpeg_end(void) { return AVERROR_EOF; }
static inline int cffmpeg_again(void) { return AVERROR(EAGAIN); }
static inline int cffmpeg_interrupted(void) { return AVERROR_EXIT; }
static inline int cffmpeg_failed(void) { return AVERROR(EIO); }
static inline int cffmpeg_refused(void) { return AVERROR(EACCES); }
static inline int cffmpeg_not_found(void) { return AVERROR(ENOENT); }
static inline int cffmpeg_protocol_missing(void) { return AVERROR_PROTOCOL_NOT_FOUND; }
static inline int cffmpeg_invalid(void) { return AVERROR_INVALIDDATA; }
static inline int cffmpeg_seekable(void) { return AVIO_SEEKABLE_NORMAL; }

/* The calls. */
static inline AVFormatContext *cffmpeg_alloc(const struct cffmpeg_library *f) { return f->avformat_alloc_context(); }
static inline int cffmpeg_open(const struct cffmpeg_library *f, AVFormatContext **context, const char *url,
                               AVDictionary **options) {
    return f->avformat_open_input(context, url, NULL, options);
}
static inline int cffmpeg_find_streams(const struct cffmpeg_library *f, AVFormatContext *context) {
    return f->avformat_find_stream_info(context, NULL);
}
static inline void cffmpeg_close(const struct cffmpeg_library *f, AVFormatContext **context) {
    f->avformat_close_input(context);
}
static inline int cffmpeg_read(const struct cffmpeg_library *f, AVFormatContext *context, AVPacket *packet) {
    return f->av_read_frame(context, packet);
}
static inline int cffmpeg_seek(const struct cffmpeg_library *f, AVFormatContext *context, int64_t time, int flags) {
    return f->av_seek_frame(context, -1, time, flags);
}
static inline AVPacket *cffmpeg_packet(const struct cffmpeg_library *f) { return f->av_packet_alloc(); }
static inline void cffmpeg_packet_clear(const struct cffmpeg_library *f, AVPacket *packet) { f->av_packet_unref(packet); }
static inline void cffmpeg_packet_free(const struct cffmpeg_library *f, AVPacket **packet) { f->av_packet_free(packet); }
static inline const char *cffmpeg_codec_name(const struct cffmpeg_library *f, enum AVCodecID codec) {
    return f->avcodec_get_name(codec);
}
static inline void cffmpeg_set(const struct cffmpeg_library *f, AVDictionary **options, const char *name,
                               const char *value) {
    f->av_dict_set(options, name, value, 0);
}
static inline const char *cffmpeg_get(const struct cffmpeg_library *f, const AVDictionary *tags, const char *name) {
    AVDictionaryEntry *entry = f->av_dict_get(tags, name, NULL, 0);
    return entry ? entry->value : NULL;
}
static inline void cffmpeg_free_options(const struct cffmpeg_library *f, AVDictionary **options) {
    f->av_dict_free(options);
}

typedef int (*cffmpeg_reader)(void *context, uint8_t *bytes, int count);
typedef int64_t (*cffmpeg_seeker)(void *context, int64_t offset, int whence);

/* Input that is read by a function of ours; freed with cffmpeg_io_free. */
static inline AVIOContext *cffmpeg_io(const struct cffmpeg_library *f, int size, void *context, cffmpeg_reader read,
                                      cffmpeg_seeker seek) {
    unsigned char *buffer = (unsigned char *)f->av_malloc(size);
    if (!buffer) return NULL;
    AVIOContext *input = f->avio_alloc_context(buffer, size, 0, context, read, NULL, seek);
    if (!input) f->av_free(buffer);
    return input;
}
static inline void cffmpeg_io_free(const struct cffmpeg_library *f, AVIOContext **input) {
    if (!*input) return;
    f->av_free((*input)->buffer);
    f->avio_context_free(input);
}

#endif
