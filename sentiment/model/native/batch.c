/* Computes one direction of an LSTM over a batch of texts in int8; lookup_session.py documents the computation. The
 * states of ROWS texts at a time are multiplied with the matrix for LANES units; the arithmetic of the cells is in
 * single precision. It is compiled for x86 processors with a matrix unit (AMX), and for those with dot products of
 * four bytes (AVX-512 VNNI). Both compute the same integer products.
 *
 * Gates are in the order of the enum, and those with a sigmoid are scaled by one half, as in numpy_lstm.py. `units` is
 * a multiple of DEPTH. The table of the words' inputs to the gates, with bias, is [words, units / LANES, GATES, LANES]
 * in half precision. */

const char sentiment_source[] = SOURCE; /* the hash of this file; libraries of other versions are not used */

#include <immintrin.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OUTPUT, INPUT, FORGET, CANDIDATE, GATES, LANES = 16, DEPTH = 64, TILE = LANES * DEPTH, WORDS = 6 };

#define INLINE static inline __attribute__((always_inline))
#define EACH(index, count) _Pragma("GCC unroll 8") for (int index = 0; index < (count); index++)

/* Computes the rows of the table for at most WORDS words. */
INLINE void tabulate_some(int words, long width, long units, const float *embeddings, const float *packed,
                          const float *bias, short *table) {
    for (long unit = 0; unit < units; unit += LANES) {
        __m512 sums[WORDS][GATES];
        EACH(word, words) EACH(gate, GATES) sums[word][gate] = _mm512_loadu_ps(bias + gate * units + unit);
        for (long place = 0; place < width; place++, packed += GATES * LANES)
            EACH(word, words) {
                const __m512 value = _mm512_set1_ps(embeddings[word * width + place]);
                EACH(gate, GATES) sums[word][gate] += value * _mm512_loadu_ps(packed + gate * LANES);
            }
        EACH(word, words) EACH(gate, GATES) {
            const __m256i half = _mm512_cvtps_ph(sums[word][gate], _MM_FROUND_TO_NEAREST_INT);
            _mm256_storeu_si256((void *)(table + (word * units + unit) * GATES + gate * LANES), half);
        }
    }
}

/* Computes the table of a vocabulary from embeddings [words, width].
 *
 * packed: [units / LANES, width, GATES, LANES], the kernel.
 * bias: [GATES, units]. */
void sentiment_tabulate(long words, long width, long units, const float *embeddings, const float *packed,
                        const float *bias, short *table) {
    for (; words >= WORDS; words -= WORDS, embeddings += WORDS * width, table += WORDS * GATES * units)
        tabulate_some(WORDS, width, units, embeddings, packed, bias, table);
    for (; words; words--, embeddings += width, table += GATES * units)
        tabulate_some(1, width, units, embeddings, packed, bias, table);
}

/* tanh as a piecewise quadratic function: see _curve in batch.py. */
typedef struct {
    __m512 constants, slopes, squares;
    float pieces_to_one, end;
} Curve;

INLINE __m512 squash(Curve curve, __m512 x) {
    const __m512 size = _mm512_min_ps(_mm512_abs_ps(x), _mm512_set1_ps(curve.end));
    const __m512 counted = size * curve.pieces_to_one + 12582912.0f; /* 1.5 * 2^23: the last bits are the piece */
    const __m512i piece = _mm512_castps_si512(counted);
    const __m512 slope = _mm512_permutexvar_ps(piece, curve.squares) * size + _mm512_permutexvar_ps(piece, curve.slopes);
    const __m512 found = slope * size + _mm512_permutexvar_ps(piece, curve.constants);
    const __m512i sign = _mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(-0x7fffffff - 1));
    return _mm512_castsi512_ps(_mm512_or_si512(_mm512_castps_si512(found), sign));
}

INLINE __m512 sigmoid(Curve curve, __m512 half) { return squash(curve, half) * 0.5f + 0.5f; }

/* `multiply` computes the recurrent part of the gates of LANES units, [GATES, ROWS, LANES]; it has two implementations.
 * ZERO_STATE is the byte of a state of zero; the sums start at `starts`, [GATES, LANES], which correct for it. */
#ifdef __AMX_INT8__

enum { ROWS = 32, ZERO_STATE = 0 };
enum { ASK_FOR_UNIT = 0x1023, ITS_DATA = 18 }; /* of arch_prctl: ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA */
#define SETTLE __asm__ volatile("" ::: "memory") /* compilers may not know that tiles are loaded from memory */

/* Returns whether the processor has a matrix unit, and the system permits this process to use it. */
int sentiment_usable(void) {
    return __builtin_cpu_supports("amx-int8") && __builtin_cpu_supports("avx512bw") &&
           !syscall(SYS_arch_prctl, ASK_FOR_UNIT, ITS_DATA);
}

INLINE void begin(void) {
    struct {
        unsigned char palette, start, unused[14];
        unsigned short bytes[16];
        unsigned char rows[16];
    } shape = {.palette = 1};
    EACH(tile, 8) shape.bytes[tile] = DEPTH, shape.rows[tile] = LANES;
    SETTLE;
    _tile_loadconfig(&shape);
}

INLINE void end(void) { _tile_release(); }

INLINE void multiply(long rows, long units, const signed char *states, const signed char *packed, const int *starts,
                     int *products) {
    const long tiles = units / DEPTH;
    (void)rows, (void)starts; /* used only by the other implementation */
    SETTLE;
    for (int gate = 0; gate < GATES; gate += 2, packed += 2 * tiles * TILE, products += 2 * ROWS * LANES) {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
        for (long tile = 0; tile < tiles; tile++) {
            _tile_loadd(4, states + tile * DEPTH, units);
            _tile_loadd(5, states + tile * DEPTH + LANES * units, units);
            _tile_loadd(6, packed + tile * TILE, DEPTH);
            _tile_loadd(7, packed + (tiles + tile) * TILE, DEPTH);
            _tile_dpbssd(0, 4, 6);
            _tile_dpbssd(1, 5, 6);
            _tile_dpbssd(2, 4, 7);
            _tile_dpbssd(3, 5, 7);
        }
        _tile_stored(0, products, 4 * LANES);
        _tile_stored(1, products + LANES * LANES, 4 * LANES);
        _tile_stored(2, products + ROWS * LANES, 4 * LANES);
        _tile_stored(3, products + (ROWS + LANES) * LANES, 4 * LANES);
    }
}

#else

enum { ROWS = 16, ZERO_STATE = -128, BLOCK = 4 }; /* the instruction takes unsigned states */

int sentiment_usable(void) { return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw"); }

INLINE void begin(void) {}

INLINE void end(void) {}

INLINE void multiply(long rows, long units, const signed char *states, const signed char *packed, const int *starts,
                     int *products) {
    for (long row = 0; row < rows; row += BLOCK, states += BLOCK * units, products += BLOCK * LANES) {
        __m512i sums[BLOCK][GATES];
        EACH(text, BLOCK) EACH(gate, GATES) sums[text][gate] = _mm512_loadu_si512(starts + gate * LANES);
        for (long place = 0; place < units; place += 4) {
            __m512i weights[GATES];
            EACH(gate, GATES) weights[gate] = _mm512_loadu_si512(packed + (gate * units + place) * LANES);
            EACH(text, BLOCK) {
                int four;
                memcpy(&four, states + text * units + place, sizeof four);
                const __m512i state = _mm512_set1_epi32(four);
                EACH(gate, GATES) /* in assembly, because compilers copy the sums of _mm512_dpbusd_epi32 */
                    __asm__("vpdpbusd %2, %1, %0" : "+v"(sums[text][gate]) : "v"(state), "v"(weights[gate]));
            }
        }
        EACH(text, BLOCK) EACH(gate, GATES)
            _mm512_storeu_si512(products + (gate * ROWS + text) * LANES, sums[text][gate]);
    }
}

#endif

/* Computes the `starts` of all units, [units / LANES, GATES, LANES]. */
INLINE void start(long units, const signed char *packed, int *starts) {
    for (long left = GATES * units / LANES; left; left--, starts += LANES) {
        memset(starts, 0, LANES * sizeof *starts);
        for (long place = 0; place < units; place += 4)
            for (int byte = 0; byte < 4 * LANES; byte++) starts[byte / 4] -= (unsigned char)ZERO_STATE * *packed++;
    }
}

/* Computes LANES cells of a text at one step. `word` points to these units in the word's row of the table. The pooled
 * last state, maximum and sum are `units` apart. */
INLINE void step(Curve curve, long units, const int *products, const __m512 scale[GATES], const short *word, float *cell,
                 signed char *state, float *pooled, int is_last) {
    __m512 z[GATES];
    EACH(gate, GATES) {
        const __m512i product = _mm512_loadu_si512(products + gate * ROWS * LANES);
        const __m256i by_word = _mm256_loadu_si256((const void *)(word + gate * LANES));
        z[gate] = _mm512_cvtepi32_ps(product) * scale[gate] + _mm512_cvtph_ps(by_word);
    }
    const __m512 kept = sigmoid(curve, z[FORGET]) * _mm512_loadu_ps(cell);
    const __m512 new_cell = sigmoid(curve, z[INPUT]) * squash(curve, z[CANDIDATE]) + kept;
    const __m512 hidden = sigmoid(curve, z[OUTPUT]) * squash(curve, new_cell);
    _mm512_storeu_ps(cell, new_cell);
    const __m128i steps = _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(hidden * 127));
    _mm_storeu_si128((void *)state, _mm_xor_si128(steps, _mm_set1_epi8(ZERO_STATE)));
    if (is_last) _mm512_storeu_ps(pooled, hidden);
    _mm512_storeu_ps(pooled + units, _mm512_max_ps(hidden, _mm512_loadu_ps(pooled + units)));
    _mm512_storeu_ps(pooled + 2 * units, hidden + _mm512_loadu_ps(pooled + 2 * units));
}

/* Reads at most ROWS texts: `ids` [rows, time] to `pooled` [rows, 3, units]. */
INLINE void read_some(Curve curve, long rows, long time, long units, int backward, const int *ids, const int *lengths,
                      const short *table, const signed char *packed, const int *starts, const float *scales,
                      float *pooled) {
    signed char states[2][ROWS * units];
    float cells[ROWS * units];
    int products[GATES * ROWS * LANES], longest = 0;
    memset(states, ZERO_STATE, sizeof states);
    memset(cells, 0, sizeof cells);
    for (long row = 0; row < rows; row++) {
        float *own = pooled + 3 * row * units;
        for (long unit = 0; unit < units; unit++) own[unit] = own[2 * units + unit] = 0, own[units + unit] = -1;
        if (lengths[row] > longest) longest = lengths[row];
    }
    for (int now = 0; now < longest; now++)
        for (long unit = 0; unit < units; unit += LANES) {
            multiply(rows, units, states[now % 2], packed + unit * GATES * units, starts + unit * GATES, products);
            __m512 scale[GATES];
            EACH(gate, GATES) scale[gate] = _mm512_loadu_ps(scales + gate * units + unit);
            for (long row = 0; row < rows; row++) {
                const int left = lengths[row] - 1 - now;
                if (left < 0) continue;
                const int *id = ids + row * time + (backward ? left : now);
                const short *word = table + GATES * (units * *id + unit);
                if (left) { /* prefetches the next word's row, which may be anywhere in memory */
                    const char *next = (const char *)(table + GATES * (units * id[backward ? -1 : 1] + unit));
                    _mm_prefetch(next, _MM_HINT_T0);
                    _mm_prefetch(next + 64, _MM_HINT_T0);
                }
                step(curve, units, products + row * LANES, scale, word, cells + row * units + unit,
                     states[(now + 1) % 2] + row * units + unit, pooled + 3 * row * units + unit, !left);
            }
        }
}

/* Reads a batch: `ids` [batch, time] and `lengths` [batch] to `pooled` [batch, 3, units]: the last hidden states, their
 * maximum, and their sum, in float.
 *
 * packed: [units / LANES, GATES, units / DEPTH, DEPTH / 4, LANES, 4], the quantized recurrent weights.
 * scales: [GATES, units], a step of a weight times a step of a state.
 * curve: of tanh: [3, 16] coefficients, 1 / width of a piece, and the end. */
void sentiment_read_batch(long batch, long time, long units, int backward, const int *ids, const int *lengths,
                          const short *table, const signed char *packed, const float *scales, const float *curve,
                          float *pooled) {
    const Curve pieces = {_mm512_loadu_ps(curve), _mm512_loadu_ps(curve + LANES), _mm512_loadu_ps(curve + 2 * LANES),
                          curve[3 * LANES], curve[3 * LANES + 1]};
    int starts[GATES * units];
    start(units, packed, starts);
    begin();
    for (long first = 0; first < batch; first += ROWS)
        read_some(pieces, batch - first < ROWS ? batch - first : ROWS, time, units, backward, ids + first * time,
                  lengths + first, table, packed, starts, scales, pooled + first * 3 * units);
    end();
}
