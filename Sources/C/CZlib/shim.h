/* zlib for Swift: its initialisers are macros. */
#ifndef HEADWATER_CZLIB_SHIM_H
#define HEADWATER_CZLIB_SHIM_H

#include <zlib.h>

/* deflateInit2 for the gzip format, with zlib's default memory level and strategy. */
static inline int zlib_gzip_init(z_streamp stream, int level)
{
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

/* deflateInit2 for bare deflate blocks. */
static inline int zlib_deflate_init(z_streamp stream, int level)
{
    return deflateInit2(stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
}

/* inflateInit2 that reads the gzip format. */
static inline int zlib_gunzip_init(z_streamp stream)
{
    return inflateInit2(stream, 15 + 16);
}

#endif
