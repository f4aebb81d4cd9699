// The server runs on Node.

/// <reference types="node" />
