"""How well people were found and placed: GPS, GPSm and mask AP."""
