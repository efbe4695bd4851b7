/* Computes one direction of an LSTM over one text in single precision; numpy_lstm.py documents the computation.
 *
 * A step is a vector-matrix product, and its time is that of reading the matrix from the L2 cache. The matrix is
 * therefore packed in the order of reading, and all other arithmetic is done in registers at the same time. The layout
 * of a packed matrix is [units / BLOCK, values, GATES, BLOCK]: the weights of each value in each gate, for BLOCK units
 * at a time. Recurrent weights are in half precision if `half`, and widened when they are read; otherwise they are in
 * single precision.
 *
 * `units` is a multiple of BLOCK. Gates are in the order of the enum. The weights of gates with a sigmoid are scaled by
 * one half, except recurrent ones, because a halved weight may not be exact in half precision; their products are
 * scaled instead, which is exact. In arrays with one value per gate and unit, gates are `stride` apart.
 *
 * LANES is the vector width of the compiled code: 16 floats (AVX-512), 8 (AVX2) or 4 (arm64). */

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { OUTPUT, INPUT, FORGET, CANDIDATE, GATES, PARTS = 2, BLOCK = LANES * PARTS, ROWS = LANES == 16 ? 3 : 1 };

typedef float vec __attribute__((vector_size(4 * LANES), aligned(4)));
typedef int bits __attribute__((vector_size(4 * LANES), aligned(4)));

#define INLINE static inline __attribute__((always_inline))
#define EACH(index, count) _Pragma("GCC unroll 8") for (int index = 0; index < (count); index++)

const char sentiment_source[] = SOURCE; /* the hash of this file; libraries of other versions are not used */

/* Returns whether the processor has vectors of this width. Every arm64 processor has vectors of 4 floats. */
int sentiment_usable(void) {
#ifdef __x86_64__
    if (LANES > 4 && !__builtin_cpu_supports("fma")) return 0;
    return LANES == 16 ? __builtin_cpu_supports("avx512f") : LANES == 4 || __builtin_cpu_supports("avx2");
#else
    return LANES == 4;
#endif
}

/* Vectors. */

INLINE vec load(const float *from) { return *(const vec *)from; }
INLINE void store(float *to, vec values) { *(vec *)to = values; }
INLINE vec all(float value) { return value + (vec){0}; }
INLINE vec where(bits condition, vec then, vec otherwise) {
    return (vec)((condition & (bits)then) | (~condition & (bits)otherwise));
}

/* Loads LANES recurrent weights. */
INLINE vec load_weights(int half, const void *from) {
    if (!half) return load(from);
#if LANES == 16
    return (vec)_mm512_cvtph_ps(_mm256_loadu_si256(from));
#elif LANES == 8
    return (vec)_mm256_cvtph_ps(_mm_loadu_si128(from)); /* every processor with AVX2 has F16C */
#else /* with integers, because not every compiler has a half-precision type; the product corrects the exponent */
    typedef unsigned short halves __attribute__((vector_size(2 * LANES), aligned(2)));
    typedef unsigned words __attribute__((vector_size(4 * LANES)));
    const words half_bits = __builtin_convertvector(*(const halves *)from, words);
    const vec magnitude = (vec)((half_bits & 0x7fff) << 13) * 0x1p112f;
    return (vec)((words)magnitude | (half_bits & 0x8000) << 16);
#endif
}

/* Converts sums of a gate to the scale of recurrent products, so that these can be added, and back. */
INLINE vec unscaled(int gate, vec values) { return gate == CANDIDATE ? values : values * 2.0f; }
INLINE vec scaled(int gate, vec values) { return gate == CANDIDATE ? values : values * 0.5f; }

/* Returns exp(x) - 1 for x in [-20, 0], as 2^n * (1 + p) - 1, where p = exp(r) - 1 by its series and |r| <= log(2) / 2. */
INLINE vec expm1_vec(vec x) {
    const float shift = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    vec n = x * 1.44269504f + shift;
    n = n - shift;
    const vec r = x - n * 0.693359375f + n * 2.12194440e-4f; /* log(2) in two parts, the first exact times n */
    vec series = r * (1.0f / 5040) + 1.0f / 720;
    series = series * r + 1.0f / 120;
    series = series * r + 1.0f / 24;
    series = series * r + 1.0f / 6;
    series = series * r + 0.5f;
    const vec p = series * r * r + r;
    const vec power = (vec)((__builtin_convertvector(n, bits) + 127) << 23);
    return power * p + (power - 1);
}

/* Returns tanh with a small relative error near 0 too, because the slope of a chord divides by the argument. */
INLINE vec tanh_vec(vec x) {
    const bits sign = (bits)x & (-0x7fffffff - 1);
    vec size = (vec)((bits)x ^ sign);
    size = where(size < 10.0f, size, all(10)); /* tanh(10) is 1 in single precision */
    const vec e = expm1_vec(-2 * size);
    return (vec)((bits)(-e / (2 + e)) | sign);
}

INLINE vec sigmoid(vec tanh_of_half) { return tanh_of_half * 0.5f + 0.5f; }

/* Returns the slope of the chord of tanh between two points, given their tanh; the derivative if they are equal. */
INLINE vec chord(vec low, vec high, vec tanh_low, vec tanh_high) {
    const vec change = high - low;
    const bits same = change == 0;
    return where(same, all(1), tanh_vec(change) / where(same, all(1), change)) * (1 - tanh_low * tanh_high);
}

/* Projection of embeddings to the gates. */

/* Projects `rows` embeddings, at most ROWS, to BLOCK units. Each weight is read once for all rows. */
INLINE void project_block(int rows, long width, const float *packed, const float *bias, long units,
                          const float *embeddings, long embedding_stride, float *projected, long row_stride,
                          long stride) {
    vec sums[ROWS][GATES][PARTS], values[ROWS];
    EACH(row, rows) EACH(gate, GATES) EACH(part, PARTS) {
        sums[row][gate][part] = load(bias + gate * units + part * LANES);
    }
    for (long place = 0; place < width; place++) {
        EACH(row, rows) values[row] = all(embeddings[row * embedding_stride + place]);
        EACH(gate, GATES) EACH(part, PARTS) {
            const vec weight = load(packed);
            packed += LANES;
            EACH(row, rows) sums[row][gate][part] += values[row] * weight;
        }
    }
    EACH(row, rows) EACH(gate, GATES) EACH(part, PARTS) {
        store(projected + row * row_stride + gate * stride + part * LANES, sums[row][gate][part]);
    }
}

/* Computes the rows of `projected`, [rows, GATES, units] and `row_stride` apart, from `embeddings`, [rows, width] and
 * `embedding_stride` apart, and `bias`, [GATES, units]. */
void sentiment_project(long rows, long width, long units, const float *packed, const float *bias,
                       const float *embeddings, long embedding_stride, float *projected, long row_stride, long stride) {
    for (long block = 0; block < units; block += BLOCK, packed += width * GATES * BLOCK) {
        const float *from = embeddings;
        float *to = projected + block;
        long left = rows;
        for (; left >= ROWS; left -= ROWS, from += ROWS * embedding_stride, to += ROWS * row_stride)
            project_block(ROWS, width, packed, bias + block, units, from, embedding_stride, to, row_stride, stride);
        for (; left; left--, from += embedding_stride, to += row_stride)
            project_block(1, width, packed, bias + block, units, from, embedding_stride, to, row_stride, stride);
    }
}

/* Forward pass. */

/* Adds products of values and a block of the recurrent matrix, [units, GATES, BLOCK], to the gates of BLOCK units. The
 * values of two gates are `stride` apart; 0 if all gates have the same. Returns the end of the block. */
INLINE const char *add_product(int half, long units, const float *values, long stride, const char *packed,
                               vec sums[GATES][PARTS]) {
    for (long unit = 0; unit < units; unit++)
        EACH(gate, GATES) EACH(part, PARTS) {
            sums[gate][part] += values[gate * stride + unit] * load_weights(half, packed);
            packed += LANES * (half ? 2 : 4);
        }
    return packed;
}

INLINE vec next_cell(const vec squashed[GATES], vec cell) {
    return sigmoid(squashed[FORGET]) * cell + sigmoid(squashed[INPUT]) * squashed[CANDIDATE];
}

INLINE void forward(int half, long steps, long units, long stride, float share, const char *packed, const float *start,
                    const float *change, float *z, float *squashed, float *cells, float *tanh_cells, float *hiddens) {
    float nothing[units];
    for (long unit = 0; unit < units; unit++) nothing[unit] = 0;
    const float *hidden = nothing, *cell = nothing;
    for (long step = 0; step < steps; step++) {
        const char *weights = packed;
        for (long block = 0; block < units; block += BLOCK) {
            vec into[GATES][PARTS], squash[GATES];
            EACH(gate, GATES) EACH(part, PARTS) {
                const long at = gate * stride + block + part * LANES;
                into[gate][part] = unscaled(gate, load(start + at) + share * load(change + at));
            }
            weights = add_product(half, units, hidden, 0, weights, into);
            EACH(part, PARTS) {
                const long at = block + part * LANES;
                EACH(gate, GATES) {
                    into[gate][part] = scaled(gate, into[gate][part]);
                    squash[gate] = tanh_vec(into[gate][part]);
                    store(z + gate * stride + at, into[gate][part]);
                    store(squashed + gate * stride + at, squash[gate]);
                }
                const vec new_cell = next_cell(squash, load(cell + at)), tanh_cell = tanh_vec(new_cell);
                store(cells + at, new_cell);
                store(tanh_cells + at, tanh_cell);
                store(hiddens + at, sigmoid(squash[OUTPUT]) * tanh_cell);
            }
        }
        hidden = hiddens, cell = cells;
        start += GATES * stride, change += GATES * stride, z += GATES * stride, squashed += GATES * stride;
        cells += stride, tanh_cells += stride, hiddens += stride;
    }
}

/* Computes all arrays of a forward pass (Trace in numpy_lstm.py) over the projection `start` + `share` * `change`. */
void sentiment_forward(int half, long steps, long units, long stride, float share, const char *packed,
                       const float *start, const float *change, float *z, float *squashed, float *cells,
                       float *tanh_cells, float *hiddens) {
    if (half) forward(1, steps, units, stride, share, packed, start, change, z, squashed, cells, tanh_cells, hiddens);
    else forward(0, steps, units, stride, share, packed, start, change, z, squashed, cells, tanh_cells, hiddens);
}

INLINE void pool(int half, long steps, long units, int backwards, const char *packed, const float *common, long commons,
                 const float *rare, const int *rows, float *pooled) {
    float hiddens[2][units], cell[units], *last = pooled, *largest = last + units, *sum = largest + units;
    for (long unit = 0; unit < units; unit++) hiddens[1][unit] = cell[unit] = sum[unit] = 0, largest[unit] = -1;
    for (long step = 0; step < steps; step++) {
        const long row = rows[backwards ? steps - 1 - step : step];
        const float *projected = row < commons ? common + row * GATES * units : rare + (row - commons) * GATES * units;
        const char *weights = packed;
        const float *before = hiddens[(step + 1) % 2];
        float *hidden = hiddens[step % 2];
        for (long block = 0; block < units; block += BLOCK) {
            vec into[GATES][PARTS], squash[GATES];
            EACH(gate, GATES) EACH(part, PARTS) {
                into[gate][part] = unscaled(gate, load(projected + gate * units + block + part * LANES));
            }
            weights = add_product(half, units, before, 0, weights, into);
            EACH(part, PARTS) {
                const long at = block + part * LANES;
                EACH(gate, GATES) squash[gate] = tanh_vec(scaled(gate, into[gate][part]));
                const vec new_cell = next_cell(squash, load(cell + at));
                const vec new = sigmoid(squash[OUTPUT]) * tanh_vec(new_cell), most = load(largest + at);
                store(cell + at, new_cell);
                store(hidden + at, new);
                store(largest + at, where(new > most, new, most));
                store(sum + at, load(sum + at) + new);
            }
        }
    }
    for (long unit = 0; unit < units; unit++) last[unit] = hiddens[(steps + 1) % 2][unit];
}

/* Computes the pooled hidden states of a forward pass: last, maximum and sum, [3, units]. The inputs of the gates are
 * rows of two tables, [words, GATES, units]: of common words, and of rare words, computed here from their embeddings.
 * `rows` has the row of each step; rows of rare words are numbered after those of common words. */
void sentiment_pool(int half, long steps, long units, int backwards, const char *packed, const float *common,
                    long commons, const float *embeddings, long rares, long width, const float *kernel,
                    const float *bias, float *rare, const int *rows, float *pooled) {
    sentiment_project(rares, width, units, kernel, bias, embeddings, width, rare, GATES * units, units);
    if (half) pool(1, steps, units, backwards, packed, common, commons, rare, rows, pooled);
    else pool(0, steps, units, backwards, packed, common, commons, rare, rows, pooled);
}

/* Backward pass. */

INLINE void backward(int half, long steps, long units, long stride, const char *packed, const float *low_z,
                     const float *low_squashed, const float *low_cells, const float *low_tanh_cells,
                     const float *high_z, const float *high_squashed, const float *high_cells,
                     const float *high_tanh_cells, const float *by_hidden, float *multipliers) {
    float above[units], cell[units]; /* multipliers of the hidden state and the cell through the following step */
    for (long unit = 0; unit < units; unit++) above[unit] = cell[unit] = 0;
    for (long step = steps - 1; step >= 0; step--) {
        float *into = multipliers + GATES * stride * step;
        for (long unit = 0; unit < units; unit += LANES) {
            const long at = stride * step + unit;
            vec slope[GATES], middle[GATES];
            EACH(gate, GATES) {
                const long place = GATES * stride * step + gate * stride + unit;
                const vec low = load(low_squashed + place), high = load(high_squashed + place);
                slope[gate] = chord(load(low_z + place), load(high_z + place), low, high);
                middle[gate] = (low + high) / 2;
                if (gate != CANDIDATE) slope[gate] /= 2, middle[gate] = sigmoid(middle[gate]);
            }
            const vec low_tanh = load(low_tanh_cells + at), high_tanh = load(high_tanh_cells + at);
            const vec cell_slope = chord(load(low_cells + at), load(high_cells + at), low_tanh, high_tanh);
            const vec hidden = load(by_hidden + at) + load(above + unit);
            const vec into_cell = load(cell + unit) + hidden * middle[OUTPUT] * cell_slope;
            const vec before = step ? (load(low_cells + at - stride) + load(high_cells + at - stride)) / 2 : all(0);
            store(into + OUTPUT * stride + unit, hidden * slope[OUTPUT] * (low_tanh + high_tanh) / 2);
            store(into + INPUT * stride + unit, into_cell * slope[INPUT] * middle[CANDIDATE]);
            store(into + FORGET * stride + unit, into_cell * slope[FORGET] * before);
            store(into + CANDIDATE * stride + unit, into_cell * slope[CANDIDATE] * middle[INPUT]);
            store(cell + unit, into_cell * middle[FORGET]);
        }
        const char *weights = packed;
        for (long block = 0; block < units; block += BLOCK) {
            vec sums[GATES][PARTS] = {{{0}}};
            weights = add_product(half, units, into, stride, weights, sums);
            EACH(part, PARTS) {
                EACH(gate, GATES) sums[gate][part] = scaled(gate, sums[gate][part]);
                store(above + block + part * LANES, (sums[OUTPUT][part] + sums[INPUT][part]) +
                                                        (sums[FORGET][part] + sums[CANDIDATE][part]));
            }
        }
    }
}

/* Computes the multipliers of the gates' inputs from `by_hidden`, those of the hidden states through the pooling; see
 * NumpyLSTM.multipliers. The packed matrix is transposed: it maps gates to hidden states. */
void sentiment_backward(int half, long steps, long units, long stride, const char *packed, const float *low_z,
                        const float *low_squashed, const float *low_cells, const float *low_tanh_cells,
                        const float *high_z, const float *high_squashed, const float *high_cells,
                        const float *high_tanh_cells, const float *by_hidden, float *multipliers) {
    if (half)
        backward(1, steps, units, stride, packed, low_z, low_squashed, low_cells, low_tanh_cells, high_z, high_squashed,
                 high_cells, high_tanh_cells, by_hidden, multipliers);
    else
        backward(0, steps, units, stride, packed, low_z, low_squashed, low_cells, low_tanh_cells, high_z, high_squashed,
                 high_cells, high_tanh_cells, by_hidden, multipliers);
}
