#include "cluster/transfer_pace.h"

#include <algorithm>

namespace flotilla::cluster {
namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

Instant TransferPace::allows_at(Instant now) {
  const std::scoped_lock lock(mutex_);
  refill(now);
  if (rate_ == 0 || left_ > 0) return now;
  return now +
         std::chrono::duration_cast<Duration>(std::chrono::duration<double>((1 - left_) / rate_));
}

void TransferPace::spend(std::size_t bytes) {
  const std::scoped_lock lock(mutex_);
  left_ -= static_cast<double>(bytes + kAnswer);
}

void TransferPace::refill(Instant now) {
  const double most = rate_ * seconds(options_.burst);
  left_ = std::min(most, left_ + rate_ * seconds(now - refilled_));
  refilled_ = now;
}

void TransferPace::adjust(Instant now, Duration wait, bool served) {
  const std::scoped_lock lock(mutex_);
  refill(now);
  unserved_ = served ? 0 : unserved_ + 1;
  if (unserved_ >= options_.absent_after) {
    rate_ = left_ = 0;
    is_starting_ = true;
  } else if (wait > options_.tolerated) {
    rate_ = std::max(options_.slowest, rate_ * options_.decrease);
    is_starting_ = false;
  } else {
    rate_ = is_starting_ ? std::max(options_.slowest, rate_ * 1.5) : rate_ + options_.step;
  }
}

void TransferPace::reset() {
  const std::scoped_lock lock(mutex_);
  rate_ = options_.slowest;
  is_starting_ = true;
  unserved_ = 0;
}

double TransferPace::rate() const {
  const std::scoped_lock lock(mutex_);
  return rate_;
}

}  // namespace flotilla::cluster
