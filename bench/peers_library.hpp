// What bench/peers measures of ours, as plain C functions that Python loads: the shared library cms_peers.
//
// Every function that does work gives the nanoseconds it took, by a steady clock read inside, so that the cost of the
// call itself (Python, ctypes, copying arguments) can be told apart from it; -1 when its arguments make no sense.
// Handles are opened, used by one thread at a time, and closed. Nothing here is a public interface: it may change with
// what it measures.
#pragma once

#include <cstdint>

#ifdef __cplusplus
extern "C" {
#endif

struct CmsHomology;
struct CmsMmd;
struct CmsCharts;
struct CmsSteps;

// One line about the build: version, compiler, instruction set. Never freed.
const char* cms_peers_about(void);

// The families of windows of src/measure/homology/test_windows.hpp, by number from 0; nullptr beyond the last.
const char* cms_peers_family(uint32_t index);
// Fills `out`, count x count floats, count 2..512, with the window of that family and seed.
int64_t cms_peers_window(const char* family, uint32_t count, uint64_t seed, float* out);

// --- homology -----------------------------------------------------------------------------------------------------

// `budget` 0: none, exact at any cost. `length` 2..256 is the greatest number of points.
CmsHomology* cms_peers_homology_open(uint32_t length, uint64_t budget);
void cms_peers_homology_close(CmsHomology* homology);
// The budget that is served for windows of this length.
uint64_t cms_peers_homology_budget(uint32_t length);
// Diagrams of a count x count matrix from scratch; nothing is kept but the diagrams.
int64_t cms_peers_homology_scratch(CmsHomology* homology, const float* distances, uint32_t count);
// Takes a window in, for replace(). What was kept before is forgotten.
int64_t cms_peers_homology_start(CmsHomology* homology, const float* distances, uint32_t count);
// One event: `row` holds the new point's distances to all `count` slots, its own 0. `slot` = count appends a point
// where the window is not full. Writing the row and the column into the matrix is part of the time.
int64_t cms_peers_homology_replace(CmsHomology* homology, uint32_t slot, const float* row);
// Bars (birth, death) of dimension 0 or 1 of the last diagrams, ascending: how many there are; at most `capacity` of
// them are written.
uint32_t cms_peers_homology_bars(const CmsHomology* homology, uint32_t dimension, float* out, uint32_t capacity);
uint32_t cms_peers_homology_truncated(const CmsHomology* homology);
// Units of work of the last diagrams: what the budget counts.
uint64_t cms_peers_homology_units(const CmsHomology* homology);

// --- divergence ---------------------------------------------------------------------------------------------------

// A window of `length` points against `rows` weighted reference points of `rank` int8; weights sum to 1. `self_kernel`
// is the reference's own mean kernel.
CmsMmd* cms_peers_mmd_open(const int8_t* reference, uint32_t rows, uint32_t rank, const float* weights,
                           double bandwidth, double self_kernel, uint32_t length);
void cms_peers_mmd_close(CmsMmd* mmd);
// One event: takes one point in, writes the unbiased squared MMD (NaN below two points).
int64_t cms_peers_mmd_push(CmsMmd* mmd, const int8_t* point, double* value);

// --- charts -------------------------------------------------------------------------------------------------------

CmsCharts* cms_peers_charts_open(const float* centroids, uint32_t count, uint32_t rank);
void cms_peers_charts_close(CmsCharts* charts);
// Nearest chart of each of `count` unit points of `rank` floats.
int64_t cms_peers_charts_nearest(CmsCharts* charts, const float* points, uint32_t count, uint16_t* out);

// --- the whole step -----------------------------------------------------------------------------------------------

// `accounts` new accounts under the model in a file, every request evaluated. `together` of them, by number, are taken
// in by one thread, interleaved; `threads` take such groups in turn, as those of `cms score` take accounts.
// nullptr when the file cannot be read: cms_peers_error() says why.
CmsSteps* cms_peers_steps_open(const char* model, uint32_t accounts, uint32_t threads, uint32_t together);
void cms_peers_steps_close(CmsSteps* steps);
const char* cms_peers_error(void);
uint32_t cms_peers_steps_dimension(const CmsSteps* steps);
uint32_t cms_peers_steps_window(const CmsSteps* steps);
// `count` raw rows of `dimension` floats, each the next request of the next account in turn. Writes PoH. If `each` is
// not null every step is made by itself and its nanoseconds are written; else they are made in batches of 32, with the
// same result. Gives the time from the first step to the end of the last.
int64_t cms_peers_steps_push(CmsSteps* steps, const float* rows, uint32_t count, double* poh, int64_t* each);

// --- what the machine gives ---------------------------------------------------------------------------------------

// Each of `threads` threads runs the same loop in one register, `rounds` times three shifts: what two threads that
// share nothing gain over one.
int64_t cms_peers_spin(uint32_t threads, uint64_t rounds);

#ifdef __cplusplus
}
#endif
