# Bandwidths on the line as R publishes them: Rscript line.R > line.json
#
# Packages: stats (part of R), KernSmooth, ks. Where a function bins, `fine` asks for so
# many bins that binning does not matter, and `default` is what a user gets. Samples "normal"
# and "bimodal" are drawn here and kept in the file; the others are data sets of R.

suppressPackageStartupMessages({library(KernSmooth); library(ks)})
options(warn = -1)

set.seed(1)
normal <- round(rnorm(100), 6)
bimodal <- round(c(rnorm(150, -2, 0.5), rnorm(250, 2, 0.5)), 6)
samples <- list(precip = as.numeric(precip), eruptions = faithful$eruptions,
                depth = as.numeric(quakes$depth), normal = normal, bimodal = bimodal)

number <- function(x) sprintf("%.10g", x)
values <- function(x) {
  h <- 1.144 * sd(x) * length(x)^(-1/5)
  fine <- list(nb = 200000L, tol = 1e-9 * h)
  wide <- c(fine, list(lower = 0.02 * h, upper = h))
  call <- function(f, ...) number(do.call(f, c(list(x), ...)))
  c(
    "SJ-ste" = number(bw.SJ(x)),
    "SJ-ste-fine" = call(bw.SJ, fine),
    "SJ-dpi" = number(bw.SJ(x, method = "dpi")),
    "SJ-dpi-fine" = call(bw.SJ, c(fine, list(method = "dpi"))),
    "ucv" = number(bw.ucv(x)),
    "ucv-fine" = call(bw.ucv, wide),
    "bcv" = number(bw.bcv(x)),
    "bcv-fine" = call(bw.bcv, wide),
    "dpik" = number(dpik(x)),
    "dpik-fine" = number(dpik(x, gridsize = 50001L)),
    "hpi" = number(hpi(x)),
    "hscv" = number(hscv(x)),
    "hscv-exact" = number(hscv(x, binned = FALSE))
  )
}
pair <- function(key, value) sprintf('    "%s": %s', key, value)
blocks <- sapply(names(samples), function(name) {
  x <- samples[[name]]
  v <- values(x)
  lines <- mapply(pair, names(v), v)
  data <- paste(sprintf("%.10g", x), collapse = ",")
  sprintf('  "%s": {\n%s,\n    "x": [%s]\n  }', name, paste(lines, collapse = ",\n"), data)
})
versions <- sprintf('  "versions": "R %s, KernSmooth %s, ks %s"', getRversion(),
                    packageVersion("KernSmooth"), packageVersion("ks"))
cat("{\n", versions, ",\n", paste(blocks, collapse = ",\n"), "\n}\n", sep = "")
