"""The page that follows a token's information down through the layers."""
