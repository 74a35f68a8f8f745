#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <vector>

#include <malloc.h>

namespace evenkeel::store {

// LMDB asks for 2 MiB of zeros, and uses hardly any. The system gives them for nothing, but what
// the heap has free of that size would be taken first, and written: while this lives, it is held,
// up to 128 MiB of it. [any]
class HeldHeap {
  public:
    HeldHeap() {
        while (blocks_.size() < kBlocksMost) {
            const std::size_t used = ::mallinfo2().uordblks;
            Block block(std::malloc(kBytes), std::free);
            // What the system gave counts apart from the heap.
            if (!block || ::mallinfo2().uordblks < used + kBytes) break;
            blocks_.push_back(std::move(block));
        }
    }

  private:
    using Block = std::unique_ptr<void, void (*)(void*)>;
    static constexpr std::size_t kBytes = std::size_t{2} << 20;
    static constexpr std::size_t kBlocksMost = 64;
    std::vector<Block> blocks_;
};

}  // namespace evenkeel::store
