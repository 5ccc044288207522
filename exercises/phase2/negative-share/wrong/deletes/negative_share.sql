DELETE FROM predictions;
