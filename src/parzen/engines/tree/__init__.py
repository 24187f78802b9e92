"""Tree: sums pruned over a k-d tree, with a proven relative error, in any dimension."""
