# Bandwidth matrices of the R package ks, for test_matrix.py. Run by hand:
#
#     Rscript tests/published/matrix.R > tests/published/matrix.json
#
# Data are those that R ships. For each selector: the matrix, the criterion there as ks
# computes it (in sphered or scaled data for the plug-in and SCV), and the pilot width of
# ks. Sums are exact (binned = FALSE). The pilot "dscalar" is one width for all axes, as
# in parzen.

suppressMessages(library(ks))

numbers <- function(x) paste0("[", paste(format(x, digits = 17), collapse = ","), "]")
rows <- function(x) paste0("[", paste(apply(x, 1, numbers), collapse = ",\n  "), "]")
entry <- function(name, found, value, pilot) {
  pilot <- if (is.null(pilot)) "null" else format(pilot, digits = 17)
  sprintf('"%s": {"H": %s, "score": %s, "pilot": %s}', name, rows(found),
          format(value, digits = 17), pilot)
}

data <- list(
  faithful = as.matrix(faithful),
  quakes = as.matrix(quakes[1:200, c("long", "lat")]),
  rock = as.matrix(rock[, 1:3]),
  iris = as.matrix(iris[, 1:3])
)

one <- function(x) {
  n <- nrow(x)
  d <- ncol(x)
  sphered <- ks:::pre.sphere(x)
  scaled <- ks:::pre.scale(x)
  pilot <- function(z, scv) {
    ks:::gdscalar(x = z, d = d, r = 0, n = n, nstage = 2, scv = scv, binned = FALSE)
  }
  pi <- Hpi(x, pilot = "dscalar", binned = FALSE, amise = TRUE)
  pi.diag <- Hpi.diag(x, pilot = "dscalar", binned = FALSE, amise = TRUE)
  scv <- Hscv(x, pilot = "dscalar", binned = FALSE, amise = TRUE)
  scv.diag <- Hscv.diag(x, pilot = "dscalar", binned = FALSE, amise = TRUE)
  lscv <- suppressWarnings(Hlscv(x, binned = FALSE, amise = TRUE))
  lscv.diag <- suppressWarnings(Hlscv.diag(x, binned = FALSE, amise = TRUE))
  entries <- c(
    entry("Hpi", pi$H, pi$PI.star, pilot(sphered, FALSE)),
    entry("Hpi.diag", pi.diag$H, pi.diag$PI.star, pilot(scaled, FALSE)),
    entry("Hscv", scv$H, scv$SCV.star, pilot(sphered, TRUE)),
    entry("Hscv.diag", scv.diag$H, scv.diag$SCV.star, pilot(scaled, TRUE)),
    entry("Hlscv", lscv$H, lscv$LSCV, NULL),
    entry("Hlscv.diag", lscv.diag$H, lscv.diag$LSCV, NULL)
  )
  sprintf('{"x": %s,\n %s}', rows(x), paste(entries, collapse = ",\n "))
}

cat('{"version": "ks ', as.character(packageVersion("ks")), '",\n', sep = "")
cat(paste(sprintf('"%s": %s', names(data), sapply(data, one)), collapse = ",\n"))
cat("}\n")
