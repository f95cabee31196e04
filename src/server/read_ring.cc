#include "read_ring.h"

#include <pthread.h>

#include <cerrno>
#include <system_error>

#include "base/check.h"

namespace flotilla::server {
namespace {

constexpr unsigned kInFlightMost = 256;

}  // namespace

std::unique_ptr<ReadRing> ReadRing::make(std::vector<const PosixFile*> files, std::string& why) {
  io_uring ring{};
  const int error = ::io_uring_queue_init(kInFlightMost, &ring, 0);
  if (error != 0) {
    why = std::generic_category().message(-error);
    return nullptr;
  }
  return std::unique_ptr<ReadRing>(new ReadRing(std::move(files), ring));
}

ReadRing::ReadRing(std::vector<const PosixFile*> files, const io_uring& ring)
    : files_(std::move(files)), ring_(ring) {
  thread_ = std::thread([this] { work(); });
  ::pthread_setname_np(thread_.native_handle(), "reads");
}

ReadRing::~ReadRing() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
    // Wakes the thread; it goes once nothing is under way.
    io_uring_sqe* const nothing = ::io_uring_get_sqe(&ring_);
    FLOTILLA_CHECK(nothing != nullptr);
    ::io_uring_prep_nop(nothing);
    ::io_uring_sqe_set_data(nothing, nullptr);
    ::io_uring_submit(&ring_);
  }
  thread_.join();
  ::io_uring_queue_exit(&ring_);
}

void ReadRing::submit(std::shared_ptr<store::RecordRead> read) {
  const std::scoped_lock lock(mutex_);
  if (in_flight_ == kInFlightMost) {
    waiting_.push_back(std::move(read));
    return;
  }
  push(std::move(read));
}

/// Every entry is submitted at once, so there is always one to be had.
void ReadRing::push(std::shared_ptr<store::RecordRead> read) {
  const PosixFile& file = *files_[read->extent().file];
  const FileRange range = file.range_of(read->extent());
  const MutableBytes room = read->room(range.size);
  io_uring_sqe* const entry = ::io_uring_get_sqe(&ring_);
  FLOTILLA_CHECK(entry != nullptr);
  ::io_uring_prep_read(entry, file.descriptor(), room.data(), static_cast<unsigned>(room.size()),
                       range.offset);
  ::io_uring_sqe_set_data(entry, new Asked{std::move(read), range});
  ++in_flight_;
  ::io_uring_submit(&ring_);
}

void ReadRing::carry_out(store::RecordRead& read) { files_[read.extent().file]->carry_out(read); }

void ReadRing::work() {
  for (;;) {
    io_uring_cqe* completion = nullptr;
    if (::io_uring_wait_cqe(&ring_, &completion) != 0) continue;  // EINTR.
    std::unique_ptr<Asked> asked(static_cast<Asked*>(::io_uring_cqe_get_data(completion)));
    const int result = completion->res;
    ::io_uring_cqe_seen(&ring_, completion);
    bool is_last = false;
    {
      // What push() wrote comes back by way of the kernel; that it came before is known by the
      // lock.
      const std::scoped_lock lock(mutex_);
      if (asked != nullptr) --in_flight_;
      if (asked != nullptr && !waiting_.empty()) {
        push(std::move(waiting_.front()));
        waiting_.pop_front();
      }
      is_last = ending_ && in_flight_ == 0;
    }
    if (asked != nullptr) finish(std::move(asked), result);
    if (is_last) return;
  }
}

/// What the ring did not do in one go is done, or fails, in the plain way.
void ReadRing::finish(std::unique_ptr<Asked> asked, int result) {
  const bool whole = result >= 0 && static_cast<std::size_t>(result) >=
                                        asked->range.skip + asked->read->extent().size;
  if (whole) {
    asked->read->complete(asked->range.skip);
  } else {
    carry_out(*asked->read);
  }
}

}  // namespace flotilla::server
