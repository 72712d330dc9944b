#include "app/audit/merkle.h"

#include "keystore/crypto/digest.h"

#include <bit>

namespace sealift {
namespace {

// The largest power of two smaller than n, as its exponent, for n > 1 (k in RFC 6962 section 2.1).
int splitLevel(qint64 n) {
  return n > 1 ? 63 - std::countl_zero(static_cast<quint64>(n - 1)) : 0;
}

// MTH(D[begin:begin+count]); begin is a multiple of the power of two that covers count.
Result<QByteArray> readSubtreeRoot(qint64 begin, qint64 count, const MerkleNodeReader& read) {
  if (std::has_single_bit(static_cast<quint64>(count))) {
    const int level = std::countr_zero(static_cast<quint64>(count));
    return read(level, begin >> level);
  }
  const qint64 k = qint64{1} << splitLevel(count);
  SEALIFT_TRY(const QByteArray left, readSubtreeRoot(begin, k, read));
  SEALIFT_TRY(const QByteArray right, readSubtreeRoot(begin + k, count - k, read));
  return merkleNodeHash(left, right);
}

bool isLowBitSet(qint64 value) {
  return (value & 1) != 0;
}

}  // namespace

QByteArray merkleEmptyRoot() {
  return sha256({});
}

QByteArray merkleLeafHash(QByteArrayView leaf) {
  QByteArray input;
  input.reserve(leaf.size() + 1);
  input += '\x00';
  input += leaf;
  return sha256(input);
}

QByteArray merkleNodeHash(QByteArrayView left, QByteArrayView right) {
  QByteArray input;
  input.reserve(1 + 2 * kMerkleHashBytes);
  input += '\x01';
  input += left;
  input += right;
  return sha256(input);
}

void MerkleFrontier::append(const QByteArray& leafHash, const NodeSink& sink) {
  QByteArray hash = leafHash;
  // As a binary counter carries: each bit set at the end of size is a complete subtree that gets its right sibling.
  for (int level = 0; ((size_ >> level) & 1) != 0; ++level) {
    hash = merkleNodeHash(peaks_.takeLast(), hash);
    if (sink) {
      sink(level + 1, size_ >> (level + 1), hash);
    }
  }
  peaks_.append(hash);
  ++size_;
}

QByteArray MerkleFrontier::root() const {
  if (peaks_.isEmpty()) {
    return merkleEmptyRoot();
  }
  QByteArray hash = peaks_.last();
  for (qsizetype i = peaks_.size() - 1; i-- > 0;) {
    hash = merkleNodeHash(peaks_[i], hash);
  }
  return hash;
}

Result<MerkleFrontier> readFrontier(qint64 treeSize, const MerkleNodeReader& read) {
  QList<QByteArray> peaks;
  qint64 begin = 0;
  for (int level = kMerkleMaxLevels - 1; level >= 0; --level) {
    if (((treeSize >> level) & 1) != 0) {
      SEALIFT_TRY(const QByteArray hash, read(level, begin >> level));
      peaks.append(hash);
      begin += qint64{1} << level;
    }
  }
  return MerkleFrontier(treeSize, peaks);
}

Result<InclusionProof> buildInclusionProof(qint64 leafIndex, qint64 treeSize, const MerkleNodeReader& read) {
  if (leafIndex < 0 || leafIndex >= treeSize) {
    return fail(ErrorCode::NotFound, QStringLiteral("The log has no entry %1.").arg(leafIndex + 1));
  }
  InclusionProof proof{leafIndex, treeSize, {}, {}};
  SEALIFT_TRY(proof.leafHash, read(0, leafIndex));
  // Down from the root: the half that does not hold the leaf is part of the path, last one first.
  qint64 begin = 0;
  qint64 count = treeSize;
  while (count > 1) {
    const qint64 k = qint64{1} << splitLevel(count);
    const bool isLeft = leafIndex - begin < k;
    SEALIFT_TRY(const QByteArray sibling,
                isLeft ? readSubtreeRoot(begin + k, count - k, read) : readSubtreeRoot(begin, k, read));
    proof.path.prepend(sibling);
    begin += isLeft ? 0 : k;
    count = isLeft ? k : count - k;
  }
  return proof;
}

Result<ConsistencyProof> buildConsistencyProof(qint64 oldSize, qint64 newSize, const MerkleNodeReader& read) {
  if (oldSize < 0 || oldSize > newSize) {
    return fail(ErrorCode::NotFound, QStringLiteral("The log has %1 entries, not %2.").arg(newSize).arg(oldSize));
  }
  ConsistencyProof proof{oldSize, newSize, {}};
  if (oldSize == 0 || oldSize == newSize) {
    return proof;
  }
  // SUBPROOF(m, D[n], b): b says that the old tree's root is this subtree's own.
  qint64 begin = 0;
  qint64 m = oldSize;
  qint64 count = newSize;
  bool isOldRoot = true;
  while (m != count) {
    const qint64 k = qint64{1} << splitLevel(count);
    if (m <= k) {
      SEALIFT_TRY(const QByteArray right, readSubtreeRoot(begin + k, count - k, read));
      proof.path.prepend(right);
      count = k;
    } else {
      SEALIFT_TRY(const QByteArray left, readSubtreeRoot(begin, k, read));
      proof.path.prepend(left);
      begin += k;
      m -= k;
      count -= k;
      isOldRoot = false;
    }
  }
  if (!isOldRoot) {
    SEALIFT_TRY(const QByteArray rest, readSubtreeRoot(begin, count, read));
    proof.path.prepend(rest);
  }
  return proof;
}

bool checkInclusion(const InclusionProof& proof, QByteArrayView root) {
  if (proof.leafIndex < 0 || proof.leafIndex >= proof.treeSize || proof.leafHash.size() != kMerkleHashBytes) {
    return false;
  }
  qint64 fn = proof.leafIndex;
  qint64 sn = proof.treeSize - 1;
  QByteArray r = proof.leafHash;
  for (const QByteArray& p : proof.path) {
    if (sn == 0 || p.size() != kMerkleHashBytes) {
      return false;
    }
    if (isLowBitSet(fn) || fn == sn) {
      r = merkleNodeHash(p, r);
      while (!isLowBitSet(fn) && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      r = merkleNodeHash(r, p);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && r == root;
}

bool checkConsistency(const ConsistencyProof& proof, QByteArrayView oldRoot, QByteArrayView newRoot) {
  if (proof.oldSize < 0 || proof.oldSize > proof.newSize) {
    return false;
  }
  if (proof.oldSize == 0) {
    return proof.path.isEmpty() && oldRoot == merkleEmptyRoot();
  }
  if (proof.oldSize == proof.newSize) {
    return proof.path.isEmpty() && oldRoot == newRoot;
  }
  QList<QByteArray> path = proof.path;
  if (std::has_single_bit(static_cast<quint64>(proof.oldSize))) {
    path.prepend(oldRoot.toByteArray());  // the old root is itself a node of the new tree
  }
  if (path.isEmpty() || path.first().size() != kMerkleHashBytes) {
    return false;
  }
  qint64 fn = proof.oldSize - 1;
  qint64 sn = proof.newSize - 1;
  while (isLowBitSet(fn)) {
    fn >>= 1;
    sn >>= 1;
  }
  QByteArray fr = path.first();
  QByteArray sr = fr;
  for (const QByteArray& c : std::as_const(path).sliced(1)) {
    if (sn == 0 || c.size() != kMerkleHashBytes) {
      return false;
    }
    if (isLowBitSet(fn) || fn == sn) {
      fr = merkleNodeHash(c, fr);
      sr = merkleNodeHash(c, sr);
      while (!isLowBitSet(fn) && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      sr = merkleNodeHash(sr, c);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && fr == oldRoot && sr == newRoot;
}

}  // namespace sealift
