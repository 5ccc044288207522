"""What changes the workbook itself: its tests."""
