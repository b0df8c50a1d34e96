/** What mappings of several address spaces show together: shared memory objects and files. */
@NullMarked
package dev.fenceline.host.engine.object;

import org.jspecify.annotations.NullMarked;
