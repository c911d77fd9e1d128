"""The product's words as frozen types and frame schemas; pure, imports only the kernel."""
