#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

// Memory whose end is where a page ends and the next one cannot be touched.
namespace evenkeel::validate {

// How a host lays out its records.
enum class Shape {
    plain,  // of our size, with room behind that nobody looks at
    exact,  // of the size of 1.0, and a guard page behind it
    grown,  // 64 poisoned bytes larger, as a later minor's would be, and a guard page behind
};

class Block {
  public:
    explicit Block(std::size_t size) {
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        length_ = (size + page - 1) / page * page + page;
        base_ = static_cast<char*>(
            ::mmap(nullptr, length_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        if (base_ == MAP_FAILED) throw std::bad_alloc();
        ::mprotect(base_ + length_ - page, page, PROT_NONE);
        data_ = base_ + length_ - page - size;
    }
    Block(Block&& other) noexcept { swap(other); }
    Block& operator=(Block&& other) noexcept { return swap(other), *this; }
    ~Block() {
        if (base_ != nullptr && !kept_) ::munmap(base_, length_);
    }

    char* data() const { return data_; }
    void read_only() const { protect(PROT_READ); }
    // Whoever looks at it from now on, crashes.
    void poison() const { protect(PROT_NONE); }
    // Until the process ends, so that nothing else is ever there.
    void keep() { kept_ = true; }

  private:
    void protect(int mode) const {
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        ::mprotect(base_, length_ - page, mode);
    }
    void swap(Block& other) {
        std::swap(base_, other.base_);
        std::swap(data_, other.data_);
        std::swap(length_, other.length_);
        std::swap(kept_, other.kept_);
    }

    char* base_ = nullptr;
    char* data_ = nullptr;
    std::size_t length_ = 0;
    bool kept_ = false;
};

// A record of the ABI, laid out as `shape` says, with a pointer of ours right before it.
template <typename Record>
class Placed {
  public:
    static constexpr std::size_t kExtra = 64;

    Placed(Shape shape, Record record, void* owner)
        : block_(sizeof(void*) + sizeof(Record) + (shape == Shape::exact ? 0 : kExtra)) {
        std::memcpy(block_.data(), &owner, sizeof(owner));
        record.size = sizeof(Record) + (shape == Shape::grown ? kExtra : 0);
        std::memcpy(at(), &record, sizeof(record));
        if (shape != Shape::exact)
            std::memset(at() + sizeof(record), shape == Shape::grown ? 0xA5 : 0, kExtra);
    }
    Record* get() const { return reinterpret_cast<Record*>(at()); }
    static void* owner_of(const Record* record) {
        void* owner = nullptr;
        std::memcpy(&owner, reinterpret_cast<const char*>(record) - sizeof(owner), sizeof(owner));
        return owner;
    }

  private:
    char* at() const { return block_.data() + sizeof(void*); }
    Block block_;
};

}  // namespace evenkeel::validate
