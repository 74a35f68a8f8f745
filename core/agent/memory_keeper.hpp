#pragma once

#include <cstddef>
#include <functional>

namespace evenkeel::agent {

// Gives memory back that a burst of work has left behind: a FILE of many megabytes, the first look
// at everything after a start. The allocator keeps what was freed, and the store keeps the pages
// that it has written and those that were read. It looks at what the process has, whatever the
// cause; that costs one read of /proc, and the giving back some milliseconds.
// [loop]
class MemoryKeeper {
  public:
    // Sets the allocator up for a process that is idle nearly always: large buffers are mappings of
    // their own and go back at once, and few arenas share what is free. Before there are threads.
    static void set_up_allocator();

    // `release` gives back what the store keeps, or says that it cannot now.
    explicit MemoryKeeper(std::function<bool()> release);

    // To be called now and then: gives back once there is so much more than after the last time.
    void tick();
    static constexpr std::size_t kMoreBytes = std::size_t{1} << 20;

    struct Use {
        std::size_t own = 0;     // anonymous
        std::size_t mapped = 0;  // of files
    };
    // Of this process; zeros where /proc does not tell.
    static Use use();

  private:
    std::function<bool()> release_;
    Use after_;  // the last giving back
};

}  // namespace evenkeel::agent
