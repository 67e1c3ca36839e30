/* SPDX-License-Identifier: MIT */
/*
 * The dashboard's Web Vitals: how pages feel to those who visit them.
 *
 * A site is judged at the 75th percentile of its page views, by the thresholds of
 * https://web.dev/articles/vitals: up to the first is good, up to the second needs
 * improvement, above is poor.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dashboard.h"
#include "text.h"

enum vital { LCP, INP, CLS, FCP, TTFB, VITALS, CORE_VITALS = FCP };
enum { PAGES_LISTED = 20 };

static const struct {
	const char *name, *member;
	double limits[FIGURES_LIMITS];
} vitals[VITALS] = {
    [LCP] = {"web_vitals_lcp", "lcp", {2500, 4000}},
    [INP] = {"web_vitals_inp", "inp", {200, 500}},
    [CLS] = {"web_vitals_cls", "cls", {0.1, 0.25}},
    [FCP] = {"web_vitals_fcp", "fcp", {1800, 3000}},
    [TTFB] = {"web_vitals_ttfb", "ttfb", {800, 1800}},
};

/* The same question about each vital. */
static int
read_vitals(struct req *rq, const struct dashboard *d, const struct timespan *span,
    const char *group_by, struct figures figures[VITALS])
{
	for (int v = 0; v < VITALS; v++) {
		struct question q = dashboard_question(rq, d, vitals[v].name, "source:browser");

		if (group_by != NULL)
			q.group_by = label_names_parse(rq->mem, group_by);
		if (figures_read(rq->db, rq->mem, &q, span, vitals[v].limits, &figures[v]) == -1)
			return DB_FAILED;
	}
	return 0;
}

/* ---- all pages --------------------------------------------------------------------- */

/* By how many are within the limits, so that it never contradicts the shares. */
static const char *
rating(const struct figure *f)
{
	const double three_of_four = 0.75 * (double)f->summary.count;

	if (isnan(f->p75))
		return "unknown";
	return (double)f->up_to[0] >= three_of_four   ? "good"
	       : (double)f->up_to[1] >= three_of_four ? "needs-improvement"
						      : "poor";
}

static void
write_vital(struct json_out *out, enum vital v, const struct figure *f)
{
	const double count = (double)f->summary.count;

	json_object(out, vitals[v].member);
	json_real(out, "avg", count > 0 ? f->summary.sum / count : NAN);
	json_int(out, "count", (int64_t)f->summary.count);
	json_text(out, "rating", rating(f));
	json_real(out, "p75", f->p75);
	if (count > 0) {
		json_object(out, "shares");
		json_real(out, "good", (double)f->up_to[0] / count);
		json_real(out, "needs-improvement", (double)(f->up_to[1] - f->up_to[0]) / count);
		json_real(out, "poor", (count - (double)f->up_to[1]) / count);
		json_object_end(out);
	}
	json_object_end(out);
}

static void
write_summary(struct json_out *out, const struct figures whole[VITALS])
{
	json_object(out, "summary");
	for (int v = 0; v < VITALS; v++)
		write_vital(out, (enum vital)v, figure_at(&whole[v], 0, 0));
	json_object_end(out);
}

/* ---- over time --------------------------------------------------------------------- */

static int
write_timeline(struct req *rq, struct json_out *out, const struct dashboard *d)
{
	struct figures figures[VITALS];
	const size_t n = timespan_buckets(&d->timeline);

	if (read_vitals(rq, d, &d->timeline, NULL, figures) == -1)
		return DB_FAILED;
	json_array(out, "timeseries");
	for (size_t i = 0; i < n; i++) {
		uint64_t count = 0, any = 0;

		for (int v = 0; v < VITALS; v++) {
			uint64_t points = figure_at(&figures[v], 0, i)->summary.count;

			any += points;
			count += v < CORE_VITALS ? points : 0;
		}
		if (any == 0)
			continue;
		json_object(out, NULL);
		json_time(out, "bucket", d->timeline.from + (int64_t)i * d->timeline.step);
		for (int v = 0; v < VITALS; v++)
			json_real(out, vitals[v].member, figure_at(&figures[v], 0, i)->p75);
		json_int(out, "count", (int64_t)count);
		json_object_end(out);
	}
	json_array_end(out);
	return 0;
}

/* ---- by page ----------------------------------------------------------------------- */

struct page {
	const char *labels; /* {"page":"..."}, as the groups have it */
	const struct figure *vitals[VITALS];
};

static uint64_t
page_views(const struct page *page)
{
	return page->vitals[LCP]->summary.count;
}

static int
compare_pages(const void *a, const void *b)
{
	const struct page *x = a, *y = b;

	if (page_views(x) != page_views(y))
		return page_views(x) > page_views(y) ? -1 : 1;
	return strcmp(x->labels, y->labels);
}

/* Puts together what the vitals have of each page; their groups are in order. */
static struct page *
join_pages(struct req *rq, const struct figures figures[VITALS], size_t *n)
{
	size_t next[VITALS] = {0}, room = 1;
	struct page *pages;

	for (int v = 0; v < VITALS; v++)
		room += figures[v].selection.ngroups;
	pages = arena_alloc(rq->mem, room * sizeof *pages);
	for (*n = 0;; (*n)++) {
		struct page *page = &pages[*n];

		for (int v = 0; v < VITALS; v++) {
			const struct selection *s = &figures[v].selection;

			if (next[v] < s->ngroups &&
			    (page->labels == NULL || strcmp(s->groups[next[v]], page->labels) < 0))
				page->labels = s->groups[next[v]];
		}
		if (page->labels == NULL)
			return pages;
		for (int v = 0; v < VITALS; v++) {
			const struct selection *s = &figures[v].selection;
			bool has =
			    next[v] < s->ngroups && strcmp(s->groups[next[v]], page->labels) == 0;

			page->vitals[v] = figure_at(&figures[v], has ? next[v]++ : SIZE_MAX, 0);
		}
	}
}

static void
write_page(struct req *rq, struct json_out *out, const struct page *page)
{
	const char *why, *name;
	size_t at;

	name = json_get_text(
	    json_parse(rq->mem, page->labels, strlen(page->labels), &why, &at), "page");
	json_object(out, NULL);
	json_text(out, "page", name == NULL || *name == '\0' ? "/" : name);
	for (int v = 0; v < VITALS; v++)
		json_real(out, vitals[v].member, page->vitals[v]->p75);
	json_int(out, "page_views", (int64_t)page_views(page));
	json_object_end(out);
}

static int
write_pages(struct req *rq, struct json_out *out, const struct dashboard *d)
{
	struct figures figures[VITALS];
	struct page *pages;
	size_t n;

	if (read_vitals(rq, d, &d->whole, "page", figures) == -1)
		return DB_FAILED;
	pages = join_pages(rq, figures, &n);
	qsort(pages, n, sizeof *pages, compare_pages);
	json_array(out, "by_page");
	for (size_t i = 0; i < n && i < PAGES_LISTED; i++) {
		uint64_t points = 0;

		for (int v = 0; v < VITALS; v++)
			points += pages[i].vitals[v]->summary.count;
		if (points > 0)
			write_page(rq, out, &pages[i]);
	}
	json_array_end(out);
	return 0;
}

int
dashboard_vitals(struct req *rq, struct json_out *out, const struct dashboard *d)
{
	struct figures whole[VITALS];
	uint64_t core = 0;

	if (read_vitals(rq, d, &d->whole, NULL, whole) == -1)
		return DB_FAILED;
	for (int v = 0; v < CORE_VITALS; v++)
		core += figure_at(&whole[v], 0, 0)->summary.count;
	if (core == 0)
		return 0;
	json_object(out, "web_vitals");
	write_summary(out, whole);
	if (write_timeline(rq, out, d) == -1 || write_pages(rq, out, d) == -1)
		return DB_FAILED;
	json_object_end(out);
	return 0;
}
