// A small table inside a card: columns of words, fixed-width words or badges, with hairlines.
// For long tables there are models and views.
#pragma once

#include "app/services/views.h"

#include <QWidget>

class QGridLayout;

namespace sealift {

struct TableCell {
  enum class Kind { Text, Muted, Mono, Badge };
  Kind kind = Kind::Text;
  QString text;
  Tone tone = Tone::Neutral;  // of a badge

  static TableCell plain(const QString& text) { return {Kind::Text, text, Tone::Neutral}; }
  static TableCell muted(const QString& text) { return {Kind::Muted, text, Tone::Neutral}; }
  static TableCell mono(const QString& text) { return {Kind::Mono, text, Tone::Neutral}; }
  static TableCell badge(const Badge& badge) { return {Kind::Badge, badge.text, badge.tone}; }
};

class StaticTable final : public QWidget {
  Q_OBJECT

 public:
  // Without `headers` the table has no head row. `stretchColumn` takes the room that is left;
  // below 0 all columns share it.
  StaticTable(const QStringList& headers, int columns, int stretchColumn, QWidget* parent = nullptr);

  void setRows(const QList<QList<TableCell>>& rows);

 private:
  QWidget* makeCell(const TableCell& cell) const;

  QStringList headers_;
  int columns_;
  int stretchColumn_;
};

}  // namespace sealift
