/* Decoders, encoders, libswscale and libavfilter for Swift: each set is loaded when it is needed. */
#ifndef HEADWATER_CFFMPEG_CODECS_H
#define HEADWATER_CFFMPEG_CODECS_H

#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/buffer.h>
#include <libavutil/channel_layout.h>
#include <libavutil/display.h>
#include <libavutil/frame.h>
#include <libavutil/imgutils.h>
#include <libavutil/mastering_display_metadata.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libavutil/samplefmt.h>
#include <libswscale/swscale.h>

#include "loading.h"

#define CFFMPEG_CODEC_FUNCTIONS(ENTRY) \
    ENTRY(codec, av_codec_is_encoder) \
    ENTRY(codec, av_codec_iterate) \
    ENTRY(codec, av_packet_alloc) \
    ENTRY(codec, av_packet_free) \
    ENTRY(codec, av_packet_unref) \
    ENTRY(codec, avcodec_alloc_context3) \
    ENTRY(codec, avcodec_find_decoder) \
    ENTRY(codec, avcodec_find_encoder_by_name) \
    ENTRY(codec, avcodec_flush_buffers) \
    ENTRY(codec, avcodec_free_context) \
    ENTRY(codec, avcodec_open2) \
    ENTRY(codec, avcodec_receive_frame) \
    ENTRY(codec, avcodec_receive_packet) \
    ENTRY(codec, avcodec_send_frame) \
    ENTRY(codec, avcodec_send_packet) \
    ENTRY(util, av_audio_fifo_alloc) \
    ENTRY(util, av_audio_fifo_free) \
    ENTRY(util, av_audio_fifo_read) \
    ENTRY(util, av_audio_fifo_size) \
    ENTRY(util, av_audio_fifo_write) \
    ENTRY(util, av_buffer_pool_get) \
    ENTRY(util, av_buffer_pool_init) \
    ENTRY(util, av_buffer_pool_uninit) \
    ENTRY(util, av_channel_layout_default) \
    ENTRY(util, av_channel_layout_describe) \
    ENTRY(util, av_dict_free) \
    ENTRY(util, av_dict_get) \
    ENTRY(util, av_dict_set) \
    ENTRY(util, av_display_rotation_get) \
    ENTRY(util, av_frame_alloc) \
    ENTRY(util, av_frame_copy_props) \
    ENTRY(util, av_frame_free) \
    ENTRY(util, av_frame_get_buffer) \
    ENTRY(util, av_frame_get_side_data) \
    ENTRY(util, av_frame_move_ref) \
    ENTRY(util, av_frame_new_side_data) \
    ENTRY(util, av_frame_ref) \
    ENTRY(util, av_frame_remove_side_data) \
    ENTRY(util, av_frame_unref) \
    ENTRY(util, av_get_pix_fmt) \
    ENTRY(util, av_get_pix_fmt_name) \
    ENTRY(util, av_get_sample_fmt_name) \
    ENTRY(util, av_image_fill_arrays) \
    ENTRY(util, av_image_get_buffer_size) \
    ENTRY(util, av_mallocz) \
    ENTRY(util, av_opt_find) \
    ENTRY(util, av_opt_set) \
    ENTRY(util, av_opt_set_int) \
    ENTRY(util, av_pix_fmt_desc_get) \
    ENTRY(util, av_samples_set_silence) \
    ENTRY(util, av_strdup)

#define CFFMPEG_SCALING_FUNCTIONS(ENTRY) \
    ENTRY(scale, sws_alloc_context) \
    ENTRY(scale, sws_freeContext) \
    ENTRY(scale, sws_init_context) \
    ENTRY(scale, sws_scale_frame)

#define CFFMPEG_FILTER_FUNCTIONS(ENTRY) \
    ENTRY(filter, av_buffersink_get_frame) \
    ENTRY(filter, av_buffersrc_add_frame_flags) \
    ENTRY(filter, avfilter_get_by_name) \
    ENTRY(filter, avfilter_graph_alloc) \
    ENTRY(filter, avfilter_graph_config) \
    ENTRY(filter, avfilter_graph_create_filter) \
    ENTRY(filter, avfilter_graph_free) \
    ENTRY(filter, avfilter_graph_parse_ptr) \
    ENTRY(filter, avfilter_inout_alloc) \
    ENTRY(filter, avfilter_inout_free)

struct cffmpeg_codecs {
    CFFMPEG_CODEC_FUNCTIONS(CFFMPEG_MEMBER)
};

struct cffmpeg_scaling {
    CFFMPEG_SCALING_FUNCTIONS(CFFMPEG_MEMBER)
};

struct cffmpeg_filters {
    CFFMPEG_FILTER_FUNCTIONS(CFFMPEG_MEMBER)
};

/* Each loads its libraries; what the loader says where one is missing. */
static inline const char *cffmpeg_load_codecs(struct cffmpeg_codecs *functions) {
    void *util = CFFMPEG_UTIL;
    void *codec = util ? CFFMPEG_CODEC : NULL;
    if (!codec) return dlerror();
    CFFMPEG_CODEC_FUNCTIONS(CFFMPEG_LOOK_UP)
    return NULL;
}

static inline const char *cffmpeg_load_scaling(struct cffmpeg_scaling *functions) {
    void *scale = CFFMPEG_SCALE;
    if (!scale) return dlerror();
    CFFMPEG_SCALING_FUNCTIONS(CFFMPEG_LOOK_UP)
    return NULL;
}

static inline const char *cffmpeg_load_filters(struct cffmpeg_filters *functions) {
    void *filter = CFFMPEG_FILTER;
    if (!filter) return dlerror();
    CFFMPEG_FILTER_FUNCTIONS(CFFMPEG_LOOK_UP)
    return NULL;
}

/* A frame whose picture lies in a buffer of `pool`; nothing when there is no memory. Rows begin where vectors do. */
#define CFFMPEG_ROW_ALIGNMENT 64

static inline AVFrame *cffmpeg_pool_frame(const struct cffmpeg_codecs *f, AVBufferPool *pool,
                                          enum AVPixelFormat format, int width, int height) {
    AVFrame *frame = f->av_frame_alloc();
    if (!frame) return NULL;
    frame->format = format;
    frame->width = width;
    frame->height = height;
    frame->buf[0] = f->av_buffer_pool_get(pool);
    if (!frame->buf[0] || f->av_image_fill_arrays(frame->data, frame->linesize, frame->buf[0]->data, format, width,
                                                  height, CFFMPEG_ROW_ALIGNMENT) < 0) {
        f->av_frame_free(&frame);
        return NULL;
    }
    frame->extended_data = frame->data;
    return frame;
}

/* Builds `graph`: a source of that kind that is told `source_options`, or none, what `description` says, and a sink. */
static inline int cffmpeg_build(const struct cffmpeg_codecs *c, const struct cffmpeg_filters *f, AVFilterGraph *graph,
                                const char *source_kind, const char *sink_kind, const char *source_options,
                                const char *description, AVFilterContext **source, AVFilterContext **sink) {
    int result = 0;
    if (source_kind)
        result = f->avfilter_graph_create_filter(source, f->avfilter_get_by_name(source_kind), "in", source_options, NULL,
                                                 graph);
    if (result >= 0)
        result = f->avfilter_graph_create_filter(sink, f->avfilter_get_by_name(sink_kind), "out", NULL, NULL, graph);
    if (result < 0) return result;
    AVFilterInOut *from = source_kind ? f->avfilter_inout_alloc() : NULL;
    AVFilterInOut *to = f->avfilter_inout_alloc();
    if ((from || !source_kind) && to) {
        if (from) *from = (AVFilterInOut){.name = c->av_strdup("in"), .filter_ctx = *source};
        *to = (AVFilterInOut){.name = c->av_strdup("out"), .filter_ctx = *sink};
        result = f->avfilter_graph_parse_ptr(graph, description, &to, &from, NULL);
        if (result >= 0) result = f->avfilter_graph_config(graph, NULL);
    } else {
        result = AVERROR(ENOMEM);
    }
    f->avfilter_inout_free(&from);
    f->avfilter_inout_free(&to);
    return result;
}

static inline int cffmpeg_no_memory(void) { return AVERROR(ENOMEM); }

#endif
