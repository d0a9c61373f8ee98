# The product: hadal::hadal from all layers.
