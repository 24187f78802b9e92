"""Non-uniform FFT: Gaussian sums at scattered points in two and three dimensions."""
