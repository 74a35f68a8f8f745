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
            const auto before = ::mallinfo2();
            Block block(std::malloc(kBytes), std::free);
            const auto after = ::mallinfo2();
            // The system gave it, which counts apart, or has made the heap larger for it.
            if (after.uordblks < before.uordblks + kBytes || after.arena > before.arena) break;
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
